"""Figures of the structure: absent ranges and classes, unknown errors, one system."""

import numpy as np
import pandas as pd
import pytest

from ionshift.config.figures import Figures
from ionshift.config.structure import Structure
from ionshift.figures import structure
from ionshift.figures.style import save
from ionshift.solvation import ion_networks, lsi
from on_axes import empty_panels

STYLE = Figures()
EDGES_A2 = Structure().lsi_edges_A2


@pytest.fixture(params=[1, 3, 4], ids=["one system", "three systems", "four systems"])
def systems(request):
    return [f"{number}M" for number in range(1, request.param + 1)]


def predictions(systems, n_frames):
    """The first range of the index has no member."""
    data = {}
    for seed, system in enumerate(systems):
        rng = np.random.default_rng(seed)
        data[system] = pd.DataFrame(
            {
                "replica": 0,
                "frame": np.arange(n_frames),
                "time_ps": np.arange(n_frames, dtype=float),
                "nucleus": 0,
                "shift_ppm": rng.normal(0, 0.3, n_frames),
                "lsi_A2": rng.uniform(0.15, 1.0, n_frames),
                "n_anion": rng.choice([0, 3], n_frames),
                "solvation_class": "CIP",
                "n_nuclei": rng.choice([1, 2], n_frames),
                "n_ions": rng.choice([1, 4], n_frames),
                "diameter": rng.choice([0, 3], n_frames),
                "n_directions": 0,
            }
        )
    return data


def check(figure, tmp_path, empty=()):
    path = tmp_path / "figure.png"
    save(figure, [path], dpi=60)
    assert path.is_file() and empty_panels(figure) == list(empty)


@pytest.mark.parametrize("n_frames", [1, 40])
def test_figures_of_the_local_structure_index(systems, n_frames, tmp_path):
    data = predictions(systems, n_frames)
    molarity_M, seeds = dict.fromkeys(systems, 1.0), dict.fromkeys(systems, 1)
    ranges = lsi.range_table(data, molarity_M, EDGES_A2, n_blocks=5)
    correlation = lsi.correlation_table(data, molarity_M, EDGES_A2, 5, 10, seeds)
    check(structure.lsi_ranges(lsi.histogram_table(data, EDGES_A2, 10), ranges, STYLE), tmp_path)
    check(structure.lsi_scatter(lsi.sample_table(data, 20, seeds), correlation, STYLE), tmp_path)
    scans = {
        system: pd.concat([table.assign(cutoff_A=cutoff) for cutoff in (3.0, 4.0)])
        for system, table in data.items()
    }
    cutoffs = lsi.cutoff_table(scans, molarity_M, 5, 10, seeds)
    # One frame has no correlation.
    empty = ["correlation with the shift"] if n_frames == 1 else []
    check(structure.lsi_cutoffs(cutoffs, STYLE), tmp_path, empty)


@pytest.mark.parametrize("n_frames", [1, 40])
def test_figures_of_the_networks(systems, n_frames, tmp_path):
    table = ion_networks.distribution_table(
        predictions(systems, n_frames), dict.fromkeys(systems, 1.0), n_blocks=5
    )
    check(structure.network_sizes(table, STYLE), tmp_path)
    check(structure.network_shifts(table, STYLE), tmp_path)


def test_pairs_with_a_pair_that_one_system_lacks(systems, tmp_path):
    r = np.arange(0.025, 8, 0.05)
    rows = [
        pd.DataFrame({"system": s, "pair": p, "r_A": r, "g": 1.0, "n": 0.0, "cutoff_A": 2.8})
        for s in systems
        for p in ("Li-O (solvent)", "Li-O (anion)", "Li-Li")
        if (s, p) != ("1M", "Li-Li") or len(systems) == 1
    ]
    check(structure.pairs(pd.concat(rows), STYLE), tmp_path)


def drawing(n_atoms):
    atoms = pd.DataFrame(np.eye(3)[:n_atoms] * 2, columns=["x_A", "y_A", "z_A"])
    atoms["symbol"] = ["Li", "O", "S"][:n_atoms]
    columns = ["kind", "x1_A", "y1_A", "z1_A", "x2_A", "y2_A", "z2_A"]
    ends = [["link", 2, 0, 0, 0, 2, 0], ["covalent", 0, 2, 0, 0, 0, 2]]
    return atoms, pd.DataFrame(ends[: n_atoms - 1], columns=columns)


@pytest.mark.parametrize("n_atoms", [1, 2, 3])
def test_an_aggregate_of_any_size_is_drawn(n_atoms, tmp_path):
    check(structure.largest_aggregate(*drawing(n_atoms), STYLE), tmp_path)


def test_links_to_the_own_image_are_named(tmp_path):
    atoms, bonds = drawing(3)
    bonds.loc[0, "kind"] = "image"
    figure = structure.largest_aggregate(atoms, bonds, STYLE)
    names = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert "to its own image" in names
    assert "within the cut-off" not in names
    check(figure, tmp_path)
