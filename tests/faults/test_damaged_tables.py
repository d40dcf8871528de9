"""Damaged tables of a study: what is broken, and what the figure or rule that reads it says."""

from types import SimpleNamespace

import draw
import numpy as np
import pandas as pd
import pytest

from ionshift.config.figures import Figures
from ionshift.core.errors import InputError
from ionshift.core.files import read_table, write_table
from ionshift.core.tables import CLASSES, read_by_system
from ionshift.figures import catalogue
from molecules import ROOT

ENTRIES = catalogue.read(ROOT / "workflow" / "figures.yaml")


def speciation():
    rows = [
        {
            "system": system,
            "molarity_M": molarity_M,
            "solvation_class": name,
            "share": 0.25,
            "share_err": np.nan if name == "AGG+" else 0.01,
            "mean_shift_ppm": 0.1,
            "mean_shift_sampling_err_ppm": 0.02,
            "mean_shift_model_err_ppm": 0.03,
            "n_environments": 25,
        }
        for system, molarity_M in (("1M", 1.0), ("2M", 2.1))
        for name in CLASSES
    ]
    return pd.DataFrame(rows)


def rdf():
    r_A = np.arange(0.05, 4.0, 0.1)
    table = {"system": "1M", "r_A": r_A, "g": np.exp(-((r_A - 2) ** 2)), "n": r_A, "cutoff_A": 2.8}
    return pd.DataFrame(table)


FIGURES = {"speciation": ("speciation.csv", speciation), "rdf": ("rdf.csv", rdf)}


def drawn(name, folder):
    """Draw a figure of the catalogue from the tables of a folder, as the rule does."""
    entry = ENTRIES[name]
    job = SimpleNamespace(
        input={one: folder / path for one, path in entry.tables.items()},
        output=[folder / f"{name}.png"],
        params=SimpleNamespace(
            entry=entry.model_dump(), style=Figures().model_dump(mode="json"), options={}
        ),
    )
    draw.main(job, lambda line: None)
    return folder / f"{name}.png"


def study(folder, name, change=lambda text: text):
    """The table of a figure, with a change of its text."""
    file, make = FIGURES[name]
    path = folder / "tables" / file
    write_table(make(), path)
    path.write_text(change(path.read_text()))
    return folder


@pytest.mark.parametrize("name", FIGURES)
def test_a_sound_table_is_drawn(name, tmp_path):
    assert drawn(name, study(tmp_path, name)).is_file()


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("speciation", lambda t: t[: len(t) // 2], "speciation.csv ends in the middle of a line"),
        ("speciation", lambda t: "", "speciation.csv is empty"),
        ("speciation", lambda t: t.splitlines()[0] + "\n", "the table speciation has no row"),
        ("speciation", lambda t: t.replace("share,", "", 1), "column"),
        (
            "speciation",
            lambda t: t.replace("0.25", "a lot", 1),
            "share, row 1: 'a lot' is not a nu",
        ),
        ("speciation", lambda t: t.replace("0.25", "25", 1), "column share, row 1: 25.0 is not >="),
        ("speciation", lambda t: t.replace("0.01", "-0.01", 1), "column share_err, row 1: -0.01"),
        ("speciation", lambda t: t.replace("0.1,", "inf,", 1), "mean_shift_ppm, row 1: inf is not"),
        ("speciation", lambda t: t.replace("CIP", "cip", 1), "row 2: 'cip' is not one of SSIP"),
        ("speciation", lambda t: t.replace("CIP", "SSIP", 1), "row 2 has the system 1M, solv"),
        ("speciation", lambda t: t.replace(",25\n", ",2.5\n", 1), "row 1: 2.5 is not a whole"),
        (
            "speciation",
            lambda t: t.replace("2.1", "", 1),
            "molarity_M, row 5: the value is missing",
        ),
        (
            "speciation",
            lambda t: t.replace("_err_ppm", "_err_Hz", 1),
            "_err_Hz is not one of",
        ),
        ("speciation", lambda t: t.replace(",", ";"), "column"),
        ("speciation", lambda t: "\x00\x01" + t, "column"),
        ("rdf", lambda t: t.replace("cutoff_A", "cutoff_nm"), "column cutoff_nm is not one of"),
        ("rdf", lambda t: t.replace("1M,0.05", "1M,-0.05"), "column r_A, row 1: -0.05 is not >= 0"),
        ("rdf", lambda t: t + t.splitlines()[1] + "\n", "of an earlier row"),
        ("rdf", lambda t: t.replace("2.8", "NaN", 1), "column cutoff_A, row 1: 'NaN' is not a num"),
    ],
)
def test_a_damaged_table_stops_its_figure(name, change, words, tmp_path):
    with pytest.raises(InputError, match=words) as caught:
        drawn(name, study(tmp_path, name, change))
    said = str(caught.value)
    assert FIGURES[name][0] in said and "delete it and run again (rule tabulate_" in said
    assert not (tmp_path / f"{name}.png").exists()


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(InputError, match=r"speciation\.csv: no such file; delete it and run again"):
        drawn("speciation", tmp_path)


def symmetry(**changed):
    table = {
        "replica": 0,
        "frame": [0, 1],
        "time_ps": [0.0, 1.0],
        "nucleus": 0,
        "asymmetry": 0.1,
        "tetrahedrality": 0.2,
    }
    return pd.DataFrame(table | changed)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (symmetry().drop(columns="asymmetry"), "no column asymmetry"),
        (symmetry(asymmetry=[0.1, 1.2]), r"column asymmetry, row 2: 1\.2 is not >= 0 and <= 1"),
        (symmetry(frame=0), "row 2 has the replica 0, frame 0, nucleus 0 of an earlier row"),
        (symmetry(frame=["0", "1"]), "column frame, row 1: '0' is not a whole number"),
        (symmetry(time_ps=[0.0, np.inf]), "column time_ps, row 2: inf is not finite"),
    ],
)
def test_tables_of_an_archive_are_checked_when_a_rule_reads_them(table, words, tmp_path):
    path = tmp_path / "results/other/shell/symmetry_1M.parquet"
    path.parent.mkdir(parents=True)
    table.to_parquet(path, index=False)
    with pytest.raises(InputError, match=rf"symmetry_1M\.parquet: {words}.*measure_symmetry"):
        read_by_system(["1M"], [path])


def test_a_torn_parquet_file_is_named(tmp_path):
    path = tmp_path / "shell" / "symmetry_1M.parquet"
    write_table(symmetry(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"symmetry_1M\.parquet is damaged .*run again"):
        read_table(path)
