"""The liquids of potential and force field side by side: closed forms, script and figure."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import tabulate_potential_liquids
from test_potential_scripts import Named

from ionshift.config.figures import Figures
from ionshift.config.md import MD
from ionshift.config.potential_training import PotentialTraining
from ionshift.config.shell import Shell
from ionshift.core.files import write_table
from ionshift.figures import potentials
from ionshift.learning.members import member_table
from ionshift.potential_training import comparison
from ionshift.solvation.classes import CLASSES
from ionshift.studies.registry import load

CUTOFF_A = 3.0
SHELL = Shell(ligand_elements=["O"])
EDGES_A = np.arange(0.0, 4.01, 0.1)


def pair_rdf(distances_A):
    """Two pairs with neighbours at these distances of one nucleus: solvents, anions."""
    parts = []
    for role, found_A in zip(("solvent", "anion"), distances_A, strict=True):
        counts = np.histogram(found_A, bins=EDGES_A)[0]
        r_A = (EDGES_A[1:] + EDGES_A[:-1]) / 2
        parts.append(
            pd.DataFrame(
                {"pair": f"Li-O ({role})", "r_A": r_A, "g": 5.0 * counts, "n": np.cumsum(counts)}
            )
        )
    return pd.concat(parts, ignore_index=True)


def predictions(shielding_ppm, n_anion):
    """Two nuclei in ten frames; the second nucleus has one more anion and 0.2 ppm less."""
    frames = np.arange(10)
    parts = [
        pd.DataFrame(
            {
                "replica": 0,
                "frame": frames,
                "nucleus": number,
                "time_ps": 0.5 * frames,
                "n_anion": n_anion + number,
                "n_solvent": 2,
                "coordination": 4,
                "solvation_class": CLASSES[n_anion + number],
                "shielding_ppm": shielding_ppm - 0.2 * number,
                "shift_ppm": 92.0 - shielding_ppm + 0.2 * number,
                "extrapolation": np.where(frames < 5, 0.5, 2.0),
            }
        )
        for number in range(2)
    ]
    return pd.concat(parts, ignore_index=True)


def members(*means_ppm):
    counts = np.eye(len(CLASSES))[0] * 20
    return member_table(counts, [counts * mean for mean in means_ppm])


@pytest.fixture
def found():
    return {
        "density": {"classical": 1.2, "potential": 1.5},
        "rdf": {
            "classical": pair_rdf(([2.05, 2.05, 2.15], [2.25])),
            "potential": pair_rdf(([2.05], [1.95, 1.95, 2.95, 3.45])),
        },
        "predictions": {"classical": predictions(92.0, 0), "potential": predictions(92.5, 1)},
        "members": {"classical": members(0.1, 0.2), "potential": members(0.1, 0.5)},
    }


def table_of(found):
    kinds = (found[kind] for kind in ("density", "rdf", "predictions", "members"))
    return comparison.liquid_table("3M", *kinds, (SHELL, CUTOFF_A), 2).set_index("quantity")


def test_every_quantity_and_its_difference(found):
    table = table_of(found)
    assert table.loc["density", ["classical", "potential"]].tolist() == [1.2, 1.5]
    assert table.loc["density", "difference"] == pytest.approx(0.3)
    mean = table.loc["mean distance Li-O (solvent)"]
    assert mean["classical"] == pytest.approx((2.05 + 2.05 + 2.15) / 3)
    # The fourth anion oxygen of the potential lies beyond the cut-off.
    assert table.loc["mean distance Li-O (anion)", "potential"] == pytest.approx(
        (1.95 + 1.95 + 2.95) / 3
    )
    assert table.loc["n_anion", "difference"] == pytest.approx(1.0)
    assert table.loc["share of SSIP", ["classical", "potential"]].tolist() == [0.5, 0.0]
    assert table.loc["shielding", "difference"] == pytest.approx(0.5)
    assert table.loc["extrapolated share", "classical"] == pytest.approx(0.5)


def test_errors_come_from_samples_and_members(found):
    row = table_of(found).loc["shielding"]
    # Two nuclei 0.2 ppm apart, each of them one sample.
    assert row["classical_err"] == pytest.approx(0.1)
    assert row["difference_err"] == pytest.approx(np.hypot(0.1, 0.1))
    # The members differ by 0.0 and by 0.3 ppm.
    assert row["model_err"] == pytest.approx(0.3 / np.sqrt(2))
    assert np.isnan(table_of(found).loc["density", "difference_err"])


def test_a_ligand_without_neighbours_has_no_distance(found):
    found["rdf"]["potential"] = pair_rdf(([2.05], []))
    row = table_of(found).loc["mean distance Li-O (anion)"]
    assert row["classical"] == pytest.approx(2.25) and np.isnan(row["potential"])
    assert np.isnan(row["difference"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ["1M"]),
        ({"md": {"engine": "openmm"}}, []),
        ({"md": {"engine": "potential", "temperature_K": 310.0}}, []),
        ({"potential_training": None}, []),
        ({"potential_training": {}}, ["1M", "2M", "3M", "4M"]),
        (
            {
                "potential_training": {
                    "systems": {
                        "1M": {"counts": {"LI": 1, "FSI": 1, "DME": 9}, "density_g_cm3": 1.0}
                    }
                }
            },
            [],
        ),
    ],
)
def test_only_the_same_box_at_the_same_conditions_is_compared(change, expected, root):
    study = load(root / "config" / "config.yaml")
    own = {"systems": {"1M": study.systems["1M"].model_dump()}}
    values = {"md": {"engine": "potential"}, "potential_training": own} | change
    training = values["potential_training"]
    compared = study.model_copy(
        update={
            "md": MD(**values["md"]),
            "potential_training": None if training is None else PotentialTraining(**training),
        }
    )
    assert compared.systems_with_both() == expected


def test_script_and_figure(found, tmp_path):
    inputs = {"shell": str(tmp_path / "shell.json")}
    (tmp_path / "shell.json").write_text(json.dumps({"cutoff_A": CUTOFF_A}))
    for name in comparison.SOURCES:
        tables = {kind: found[kind][name] for kind in ("rdf", "predictions", "members")}
        tables["rdf"] = tables["rdf"].assign(system="3M")
        files = (
            "structure/pair_rdf_3M.csv",
            "predictions/3M.parquet",
            "predictions/3M_members.csv",
        )
        for (kind, table), file in zip(tables.items(), files, strict=True):
            write_table(table, tmp_path / name / file)
            inputs[f"{name}_{kind}"] = [str(tmp_path / name / file)]
        inputs[f"{name}_summaries"] = []
        for replica, density in enumerate((0.9, 1.1)):
            path = tmp_path / f"{name}_{replica}.json"
            path.write_text(json.dumps({"density_g_cm3": density}))
            inputs[f"{name}_summaries"].append(str(path))
    params = Named(systems=["3M"], shell={"ligand_elements": ["O"]}, n_blocks=2)
    names = {"table": "", "rdf": "_rdf", "shieldings": "_shieldings"}
    outputs = {
        name: tmp_path / "tables" / f"potential_liquids{end}.csv" for name, end in names.items()
    }
    table = outputs["table"]
    job = SimpleNamespace(input=Named(inputs), params=params, output=Named(outputs))
    tabulate_potential_liquids.main(job, lambda line: None)
    written = pd.read_csv(table).set_index("quantity")
    # Replicas are averaged.
    assert written.loc["density", "classical"] == pytest.approx(1.0)
    assert written.loc["n_solvent", "unit"] != "A" and set(written["system"]) == {"3M"}

    tables = [pd.read_csv(path) for path in outputs.values()]
    density = tables[2].groupby("source")["density_per_ppm"].sum()
    width_ppm = (tables[2]["high_ppm"] - tables[2]["low_ppm"]).iloc[0]
    assert (density * width_ppm).to_numpy() == pytest.approx(1.0)
    figure = potentials.liquids(*tables, ["O"], Figures())
    panels = [axis.get_ylabel() for axis in figure.axes]
    assert panels == ["g(r), O of solvents", "g(r), O of anions", "share", "density / ppm$^{-1}$"]
    assert figure.axes[0].get_title(loc="left") == "3M"
    means = [line.get_xdata()[0] for line in figure.axes[3].lines]
    assert means == pytest.approx(sorted(tables[2]["mean_ppm"].unique(), key=means.index))
