"""The liquid of a potential against the classical one: closed forms, and runs of both."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import run_validation_md
from pydantic import ValidationError

from force_field_calculator import COUNTS
from force_field_calculator import electrolyte as small_electrolyte
from ionshift.config.electrolyte import System
from ionshift.config.md import PotentialMD, TrainingMD
from ionshift.config.potential import Potential
from ionshift.config.potential_training import PotentialValidation
from ionshift.config.shell import Shell
from ionshift.core.errors import InputError
from ionshift.md import driver
from ionshift.potential_training import liquid
from ionshift.solvation.shells import first_peak_A
from ionshift.systems import packing
from ionshift.trajectories.trajectory import Trajectory
from molecules import place

HERE = Path(__file__).parents[1]
SMALL = System(counts=COUNTS, density_g_cm3=0.8)
CLASSICAL = TrainingMD(
    cutoff_A=4.0, npt_ps=0.2, anneal_ps=0.0, density_ps=0.2, nvt_ps=0.1, production_ps=2.0,
    frame_interval_ps=0.1, checkpoint_interval_ps=1.0, timestep_fs=1.0,
)  # fmt: skip
OWN = PotentialMD(relax_steps=5, settle_ps=0.02, nvt_ps=0.02)
SHELL = Shell(rdf_max_A=8.0, rdf_bin_A=0.2)


def rdf(peak_A, height=5.0):
    """A g(r) with one peak and a minimum behind it."""
    r_A = np.arange(0.025, 6.0, 0.05)
    g = (r_A > 1.5) * (1 - 0.8 * np.exp(-(((r_A - peak_A - 0.8) / 0.4) ** 2)))
    g += height * np.exp(-(((r_A - peak_A) / 0.15) ** 2))
    return pd.DataFrame({"r_A": r_A, "g": g, "n": np.cumsum(g)})


def test_the_first_peak_is_found_to_a_bin():
    assert first_peak_A(rdf(2.1)) == pytest.approx(2.1, abs=0.03)
    with pytest.raises(InputError, match="has no peak"):
        first_peak_A(pd.DataFrame({"r_A": [1.0, 2.0, 3.0], "g": [0.0, 0.0, 0.0]}))


def test_neighbours_are_counted_to_the_first_minimum():
    one = rdf(2.1)
    peak_A, n = liquid.first_shell(one)
    assert peak_A == pytest.approx(2.1, abs=0.03)
    assert n == pytest.approx(one.loc[one["r_A"] <= 2.9, "n"].iloc[-1], rel=0.1)
    assert np.isnan(liquid.first_shell(one.assign(g=0.0))).all()


@pytest.fixture
def box(write_box, electrolyte):
    """Return a function: a lithium with an oxygen of DME and one of FSI at these distances."""

    def make(name, solvent_A, anion_A, edge_A=20.0):
        lithium = place("LI", 0, [10, 10, 10])
        parts = [("LI", lithium)]
        for residue, distance_A, sign in (("DME", solvent_A, 1), ("FSI", anion_A, -1)):
            symbols = place(residue, 0, [0, 0, 0]).get_chemical_symbols()
            index = symbols.index("O")
            parts.append((residue, place(residue, index, [10 + sign * distance_A, 10, 10])))
        positions = np.concatenate([part.positions for _, part in parts])
        return Trajectory(*write_box(parts, [positions] * 3, edge_A=edge_A, name=name))

    return make


def checks_of(tables):
    return tables["checks"].set_index("check")


def test_deviations_are_held_against_the_limits(box, electrolyte):
    settings = PotentialValidation(density_percent=10, first_peak_A=0.2)
    classical = liquid.Liquid(box("classical", 2.1, 2.1), 1.2)
    near = liquid.Liquid(box("near", 2.1, 2.3), 1.26)
    far = liquid.Liquid(box("far", 2.1, 2.9), 1.0)
    good = checks_of(liquid.compare(near, classical, electrolyte, SHELL, settings))
    assert good.loc["density", "value"] == pytest.approx(5.0)
    assert good.loc["first_peaks", "value"] == pytest.approx(0.1, abs=0.01)
    assert good["passed"].all()
    assert "classical: 2.1" in good.loc["first_peaks", "detail"]
    bad = checks_of(liquid.compare(far, classical, electrolyte, SHELL, settings))
    assert bad.loc["density", "value"] == pytest.approx(100 / 6)
    # A second oxygen of the anion may come first now.
    assert 0.2 < bad.loc["first_peaks", "value"] < 0.41
    assert not bad["passed"].any()


def test_a_shell_that_is_gone_has_failed(box, electrolyte):
    classical = liquid.Liquid(box("classical", 2.1, 2.1), 1.2)
    gone = liquid.Liquid(box("gone", 2.1, 9.5), 1.2)
    shell = SHELL.model_copy(update={"rdf_max_A": 4.0})
    checks = checks_of(liquid.compare(gone, classical, electrolyte, shell, PotentialValidation()))
    assert np.isnan(checks.loc["first_peaks", "value"]) and not checks.loc["first_peaks", "passed"]


def test_without_npt_there_is_no_density_to_check(box, electrolyte):
    one = liquid.Liquid(box("one", 2.1, 2.1), 1.2)
    settings = PotentialValidation(md_npt_ps=0)
    checks = checks_of(liquid.compare(one, one, electrolyte, SHELL, settings))
    assert checks.index.tolist() == ["first_peaks"]
    assert checks.loc["first_peaks", "value"] == 0


def test_a_length_that_is_no_whole_number_of_frames_is_refused():
    with pytest.raises(ValidationError, match=r"md_ps = 0\.25 is not a multiple of 0\.1"):
        PotentialValidation(md_ps=0.25)


@pytest.fixture(scope="module")
def classical(tmp_path_factory):
    """Classical MD of a small box: (packed box, its folder)."""
    folder = tmp_path_factory.mktemp("classical")
    packed = folder / "packed.pdb"
    packing.pack_box(small_electrolyte(), SMALL, 1, packed)
    run = (small_electrolyte(), SMALL, CLASSICAL, packed, folder / "md", 1)
    driver.run("openmm", *run, log=lambda line: None)
    return packed, folder / "md"


def compared(classical, folder, potential, **settings):
    packed, before = classical
    settings = PotentialValidation(md_npt_ps=0.1, md_ps=1.0, **settings)
    system = small_electrolyte()
    found = liquid.run(
        potential, system, SMALL, CLASSICAL, settings, (packed, folder, 2),
        OWN, log=lambda line: None,
    )  # fmt: skip
    summary = json.loads((before / "md_summary.json").read_text())
    trajectory = Trajectory(before / "topology.pdb", before / "trajectory.xtc")
    reference = liquid.Liquid(trajectory, summary["density_g_cm3"])
    return liquid.compare(found, reference, system, SHELL, settings)


@pytest.mark.slow
def test_the_force_field_as_a_potential_makes_its_own_liquid(classical, tmp_path):
    potential = Potential(kind="python", model=f"{HERE / 'force_field_calculator.py'}:ForceField")
    tables = compared(classical, tmp_path, potential, density_percent=50)
    checks = checks_of(tables)
    assert checks.index.tolist() == ["density", "first_peaks"]
    assert np.isfinite(checks.loc["density", "value"]) and checks.loc["density", "passed"]
    found = tables["rdf"].query("pair == 'Li-O (solvent)'")
    peaks_A = [first_peak_A(part) for _, part in found.groupby("source")]
    assert peaks_A[0] == pytest.approx(peaks_A[1], abs=1.5 * SHELL.rdf_bin_A)
    assert set(tables["rdf"]["source"]) == {"potential", "classical"}


def test_a_potential_that_blows_up_has_failed(classical, tmp_path):
    potential = Potential(
        kind="python",
        model=f"{HERE / 'springs.py'}:make",
        options={"fail_at": 60, "failure": "kick"},
    )
    checks = checks_of(compared(classical, tmp_path, potential))
    assert not checks["passed"].any()
    assert checks["detail"].str.startswith("blew up: ").all()


class Named(dict):
    """Named files or values, as Snakemake hands them to a script."""

    __getattr__ = dict.__getitem__


@pytest.mark.slow
def test_the_script_writes_the_checks_of_a_bad_model(classical, tmp_path):
    """Random weights hold no molecule together."""
    models = pytest.importorskip("mace_models", reason="mace-torch is not installed")
    packed, before = classical
    models.save_untrained(tmp_path / "bad.model", ["C", "F", "H", "Li", "N", "O", "S"], scale=20.0)
    job = SimpleNamespace(
        input=Named(
            model=str(tmp_path / "bad.model"),
            packed=[packed],
            trajectory=[before / "trajectory.xtc"],
            topology=[before / "topology.pdb"],
            summary=[before / "md_summary.json"],
        ),
        output=Named(
            {name: tmp_path / "validation_md" / f"{name}.csv" for name in ("checks", "rdf")}
        ),
        params=Named(
            electrolyte=small_electrolyte().model_dump(),
            shell=SHELL.model_dump(include={"ligand_elements", "rdf_max_A", "rdf_bin_A"}),
            system=SMALL.model_dump(),
            md=CLASSICAL.model_dump(mode="json", exclude={"engine", "replicas", "threads"}),
            potential_md=OWN.model_dump(mode="json", exclude={"npt_ps"}),
            model={"backend": "mace", "device": "cpu", "dtype": "float32"},
            prior=None,
            validation=PotentialValidation(md_ps=0.5, md_npt_ps=0.5).liquid(),
            seed=3,
            folder=str(tmp_path / "run"),
        ),
        resources=Named(platform="CPU"),
        threads=1,
    )
    run_validation_md.main(job, lambda line: None)
    checks = pd.read_csv(job.output.checks)
    assert checks["check"].tolist() == ["density", "first_peaks"]
    assert not checks["passed"].any()
    assert pd.read_csv(job.output.rdf)["source"].unique().tolist() == ["classical"]
