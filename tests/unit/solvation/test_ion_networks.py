"""Aggregates of hand-made configurations, and the tables made of them."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ionshift.config.shell import Shell
from ionshift.core.errors import InputError
from ionshift.solvation import ion_networks
from ionshift.solvation.ion_networks import Links, NetworkFinder, build_graph
from ionshift.trajectories.cell import minimum_image
from ionshift.trajectories.trajectory import Trajectory
from molecules import place

BOX_A = np.array([10.0, 10.0, 10.0])
STEP_A = 2.5


def links_of(*rows):
    """Links from (nucleus, anion, vector in A)."""
    nucleus, anion, vector_A = zip(*rows, strict=True)
    vector_A = np.array(vector_A, float)
    return Links(np.array(nucleus), np.array(anion), vector_A, vector_A)


def chain(n_links, direction=(STEP_A, 0, 0)):
    """Rows of an alternating chain: nuclei 0, 1, 2 ..., anions 10, 11, 12 ..."""
    vector = np.array(direction)
    return [((i + 1) // 2, 10 + i // 2, vector if i % 2 == 0 else -vector) for i in range(n_links)]


def test_sizes_and_diameters_of_a_chain_a_pair_and_single_ions():
    graph = build_graph(links_of(*chain(3), (5, 15, (0, 2, 0))), 20, BOX_A)
    sizes = np.bincount(graph.aggregate)
    assert sizes[graph.aggregate[[0, 1, 10, 11]]].tolist() == [4, 4, 4, 4]
    assert len({graph.aggregate[node] for node in (0, 1, 10, 11)}) == 1
    assert graph.diameter[graph.aggregate[0]] == 3
    assert (sizes[graph.aggregate[5]], graph.diameter[graph.aggregate[5]]) == (2, 1)
    assert (sizes[graph.aggregate[2]], graph.diameter[graph.aggregate[2]]) == (1, 0)
    assert (graph.n_directions == 0).all()


def test_a_star_has_diameter_two():
    rows = [(i, 10, (np.cos(i), np.sin(i), 0)) for i in range(4)]
    graph = build_graph(links_of(*rows), 11, BOX_A)
    assert graph.diameter[graph.aggregate[10]] == 2
    assert np.bincount(graph.aggregate)[graph.aggregate[10]] == 5


def test_a_ring_inside_the_box_does_not_percolate():
    rows = [(0, 10, (2, 0, 0)), (1, 10, (0, -2, 0)), (1, 11, (-2, 0, 0)), (0, 11, (0, 2, 0))]
    graph = build_graph(links_of(*rows), 12, BOX_A)
    assert graph.n_directions[graph.aggregate[0]] == 0
    assert not graph.winding.any()
    assert graph.diameter[graph.aggregate[0]] == 2


def test_a_chain_longer_than_the_box_that_does_not_close_does_not_percolate():
    graph = build_graph(links_of(*chain(9)), 20, BOX_A)
    assert graph.n_directions[graph.aggregate[0]] == 0
    assert np.ptp(graph.position_A[graph.aggregate == graph.aggregate[0], 0]) == 9 * STEP_A


def test_a_chain_that_closes_on_its_image_percolates_in_one_direction():
    closing = [(0, 11, (-STEP_A, 0, 0))]
    graph = build_graph(links_of(*chain(3), *closing), 12, BOX_A)
    assert graph.n_directions[graph.aggregate[0]] == 1
    assert np.abs(graph.winding).sum(axis=0).tolist() == [1, 0, 0]


def test_directions_count_independent_windings_alone():
    pair = [(0, 10, (5, 0, 0)), (0, 10, (-5, 0, 0))]
    assert build_graph(links_of(*pair), 11, BOX_A).n_directions.max() == 1
    diagonal = [(0, 10, (0, 0, 0)), (0, 10, (10, 10, 0)), (0, 10, (20, 20, 0))]
    assert build_graph(links_of(*diagonal), 11, BOX_A).n_directions.max() == 1
    cross = [*pair, (0, 10, (5, 10, 0)), (0, 10, (5, 0, 10))]
    assert build_graph(links_of(*cross), 11, BOX_A).n_directions.max() == 3


@pytest.mark.parametrize("cutoff_A", [4.3, 5.0])
@pytest.mark.parametrize("seed", range(2, 6))
def test_directions_equal_those_of_a_supercell(seed, cutoff_A):
    """In a periodic 5 x 5 x 5 supercell 5^directions images of an ion hang together."""
    rng, n_nuclei, n_cells = np.random.default_rng(seed), 6, 5
    spots_A = rng.uniform(0, BOX_A, (2 * n_nuclei, 3))
    separations = minimum_image(spots_A[None, n_nuclei:] - spots_A[:n_nuclei, None], BOX_A)
    nucleus, other = np.nonzero(np.linalg.norm(separations, axis=2) < cutoff_A)
    vector_A = separations[nucleus, other]
    anion = other + n_nuclei
    graph = build_graph(Links(nucleus, anion, vector_A, vector_A), len(spots_A), BOX_A)
    crossing = np.round((spots_A[nucleus] + vector_A - spots_A[anion]) / BOX_A).astype(int)
    cells = np.stack(np.meshgrid(*[range(n_cells)] * 3, indexing="ij"), -1).reshape(-1, 3)
    supercell = supercell_components(nucleus, anion, crossing, cells, n_cells, len(spots_A))
    images = [np.sum(supercell[:, node] == supercell[0, node]) for node in range(len(spots_A))]
    assert images == (5.0 ** graph.n_directions[graph.aggregate]).tolist()


def supercell_components(nucleus, anion, crossing, cells, n_cells, n_nodes):
    """Component of every node in every cell of a periodic supercell, (n_cells^3, n_nodes)."""
    weights = np.array([n_cells**2, n_cells, 1])
    first = (cells @ weights)[:, None] * n_nodes + nucleus
    second = ((cells[:, None] + crossing) % n_cells) @ weights * n_nodes + anion
    size = n_cells**3 * n_nodes
    matrix = coo_array((np.ones(first.size), (first.ravel(), second.ravel())), (size, size))
    return connected_components(matrix.tocsr(), directed=False)[1].reshape(-1, n_nodes)


def test_no_link_at_all():
    nothing = Links(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 3)), np.zeros((0, 3)))
    graph = build_graph(nothing, 3, BOX_A)
    assert graph.aggregate.tolist() == [0, 1, 2]
    assert graph.diameter.tolist() == graph.n_directions.tolist() == [0, 0, 0]


def molecule_box(write_box, parts, n_frames=1, edge_A=20.0):
    positions = np.concatenate([part.positions for _, part in parts]) % edge_A
    return Trajectory(*write_box(parts, [positions] * n_frames, edge_A))


def test_members_of_a_known_box(known_box, electrolyte):
    finder = NetworkFinder(Trajectory(*known_box), electrolyte, Shell(), cutoff_A=2.8)
    members = ion_networks.member_table([finder], 1)
    assert members[["frame", "n_nuclei", "n_ions", "diameter"]].to_numpy().tolist() == [
        [0, 1, 2, 1],
        [1, 1, 2, 1],
    ]
    narrow = NetworkFinder(Trajectory(*known_box), electrolyte, Shell(), cutoff_A=2.05)
    assert ion_networks.member_table([narrow], 1)["n_ions"].tolist() == [1, 1]


@pytest.fixture
def across(write_box, electrolyte):
    """Two Li at two O of one FSI that lies across a corner of the box, and a third Li far away."""
    anion = place("FSI", 0, (0.5, 0.3, 0.4))
    oxygens = [i for i, symbol in enumerate(anion.symbols) if symbol == "O"]
    outward = [anion.positions[i] - anion.positions.mean(axis=0) for i in oxygens]
    near = [
        anion.positions[i] + 1.9 * v / np.linalg.norm(v)
        for i, v in zip(oxygens, outward, strict=True)
    ]
    parts = [("LI", place("LI", 0, spot)) for spot in (near[0], near[-1], (10, 10, 10))]
    trajectory = molecule_box(write_box, [*parts, ("FSI", anion)])
    return NetworkFinder(trajectory, electrolyte, Shell(), cutoff_A=2.2), anion


def test_an_aggregate_is_found_and_drawn_whole_across_the_boundary(across):
    finder, anion = across
    members = ion_networks.member_table([finder], 1)
    assert members["n_ions"].tolist() == [3, 3, 1]
    assert members["diameter"].tolist() == [2, 2, 0]
    assert members["n_directions"].tolist() == [0, 0, 0]
    atoms, bonds = ion_networks.largest([finder], members)
    assert len(atoms) == 2 + len(anion)
    assert sorted(bonds["kind"].unique()) == ["covalent", "link"]
    assert (bonds["kind"] == "covalent").sum() == 8
    ions = atoms[atoms["symbol"] != "Li"][["x_A", "y_A", "z_A"]].to_numpy()
    drawn = np.linalg.norm(ions[:, None] - ions, axis=2)
    assert np.allclose(drawn, anion.get_all_distances(), atol=0.03)
    lengths = np.linalg.norm(bonds.filter(like="1").to_numpy() - bonds.filter(like="2"), axis=1)
    assert lengths.max() < 2.3


def test_a_cutoff_beyond_half_the_box_is_refused(known_box, electrolyte):
    finder = NetworkFinder(Trajectory(*known_box), electrolyte, Shell(), cutoff_A=10.5)
    with pytest.raises(InputError, match=r"shell\.cutoff_A = 10\.5 is beyond half the box"):
        ion_networks.member_table([finder], 1)


def test_an_anion_without_ligand_atoms_leaves_every_nucleus_free(known_box, electrolyte):
    shell = Shell(ligand_elements=["C"])
    finder = NetworkFinder(Trajectory(*known_box), electrolyte, shell, cutoff_A=2.8)
    members = ion_networks.member_table([finder], 1)
    assert (members["n_ions"] == 1).all()
    atoms, bonds = ion_networks.largest([finder], members)
    assert atoms["symbol"].tolist() == ["Li"]
    assert len(bonds) == 0


def member_rows(n_frames):
    """Frames with one pair of Li in an aggregate of 3 ions, percolating in odd frames, one free."""
    rows = [
        {
            "replica": 0,
            "frame": frame,
            "time_ps": float(frame),
            "nucleus": nucleus,
            "n_nuclei": 1 if nucleus == 2 else 2,
            "n_ions": 1 if nucleus == 2 else 3,
            "diameter": 0 if nucleus == 2 else 2,
            "n_directions": frame % 2 if nucleus < 2 else 0,
            "shift_ppm": 1.0 if nucleus == 2 else -0.5,
        }
        for frame in range(n_frames)
        for nucleus in range(3)
    ]
    return {"1M": pd.DataFrame(rows)}


def test_distribution_of_known_members():
    table = ion_networks.distribution_table(member_rows(20), {"1M": 1.0}, n_blocks=5)
    sizes = table[table["quantity"] == "n_ions"].set_index("value")
    assert sizes["li_share"].to_dict() == pytest.approx({1: 1 / 3, 3: 2 / 3})
    assert sizes["aggregates_per_frame"].to_dict() == pytest.approx({1: 1.0, 3: 1.0})
    assert sizes["mean_shift_ppm"].to_dict() == pytest.approx({1: 1.0, 3: -0.5})
    assert table.groupby("quantity")["li_share"].sum().tolist() == pytest.approx([1.0] * 3)
    # Three nuclei that never change: the blocks of time see no error, the nuclei do.
    assert sizes["li_share_err"].to_dict() == pytest.approx({1: 1 / 3, 3: 1 / 3})


def test_summary_of_known_members():
    row = ion_networks.summary_table(member_rows(20), {"1M": 1.0}, n_blocks=2).iloc[0]
    assert row["free_nuclei_share"] == pytest.approx(1 / 3)
    assert row["largest_aggregate_share"] == pytest.approx(2 / 3)
    assert row["percolating_nuclei_share"] == pytest.approx(1 / 3)
    assert row["percolating_frame_share"] == pytest.approx(1 / 2)
    assert row["mean_n_ions"] == pytest.approx(7 / 3)
    assert row["n_frames"] == 20


def test_errors_of_one_frame_are_unknown():
    row = ion_networks.summary_table(member_rows(1), {"1M": 1.0}, n_blocks=5).iloc[0]
    assert row["free_nuclei_share"] == pytest.approx(1 / 3)
    assert row.filter(like="_err").isna().all()
