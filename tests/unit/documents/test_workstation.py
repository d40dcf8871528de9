"""The page on the workstation study says what the tables of its archive say."""

import io
import tarfile

import pandas as pd
import pytest

from molecules import ROOT

ARCHIVE = ROOT / "resources/archives/lifsi_dme_workstation.tar.gz"
PAGE = (ROOT / "docs/workstation.md").read_text()


@pytest.fixture(scope="module")
def tables():
    """Tables of the archive by name."""
    with tarfile.open(ARCHIVE) as archive:
        return {
            name: pd.read_csv(
                io.BytesIO(
                    archive.extractfile(f"results/lifsi_dme_workstation/tables/{name}.csv").read()
                )
            ).set_index("system")
            for name in ("shifts", "coordination", "speciation")
        }


def rows(text):
    """Cells of the page's rows that begin so, a list of lists."""
    lines = [line for line in PAGE.splitlines() if line.startswith(f"| {text} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("system", ["1M", "2M", "3M", "4M"])
def test_numbers_of_a_system_are_those_of_the_tables(tables, system):
    settled, moved = rows(system)
    found = tables["coordination"].loc[system]
    assert settled[2] == f"{found['n_anion']:.2f}({100 * found['n_anion_err']:.0f})"
    halves = [found["n_anion_first_half"], found["n_anion_second_half"]]
    assert settled[3:6] == [f"{value:.2f}" for value in [*halves, found["n_anion_replica_sd"]]]
    shift = tables["shifts"].loc[system]
    assert float(moved[1].partition("(")[0]) == pytest.approx(shift["shift_ppm"], abs=6e-4)
    assert float(moved[2].partition("(")[0]) == pytest.approx(shift["change_ppm"], abs=6e-4)
    assert moved[4] == f"{100 * shift['extrapolated_share']:.1f} %"
    shares = tables["speciation"].loc[system].set_index("solvation_class")["share"]
    for cell, name in zip(settled[6:], ("SSIP", "CIP", "AGG", "AGG+"), strict=True):
        assert float(cell.split("(")[0]) == pytest.approx(100 * shares[name], abs=0.6)


def test_the_halves_agree_within_their_errors(tables):
    found = tables["coordination"]
    apart = (found["n_anion_first_half"] - found["n_anion_second_half"]).abs()
    assert (apart < found["n_anion_err"]).all()


def test_the_line_moves_upfield_to_the_end(tables):
    changes = tables["shifts"]["change_ppm"]
    assert changes.is_monotonic_decreasing
    assert changes["4M"] < -4 * tables["shifts"].loc["4M", "change_sampling_err_ppm"]
