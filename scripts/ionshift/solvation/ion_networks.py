"""Aggregates of nuclei and anions as graphs: sizes, chain lengths, percolation.

A nucleus and an anion are linked if a ligand atom of the anion is within the first-shell
cut-off of the nucleus. An aggregate is a connected part of this graph; a nucleus without a link
is an aggregate of one ion. Cations other than the observed nucleus are no part of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ase import Atoms
from ase.neighborlist import natural_cutoffs, neighbor_list
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, shortest_path

from ionshift.solvation.shells import atoms_of_role, centres, check_half_box, separations_A
from ionshift.statistics.uncertainty import Samples
from ionshift.trajectories.cell import fractional, minimum_image

if TYPE_CHECKING:
    from ionshift.trajectories.trajectory import Frame

QUANTITIES = ("n_nuclei", "n_ions", "diameter")


@dataclass(frozen=True)
class Links:
    """Links of one frame, each from a nucleus to an anion. Nodes are nuclei, then anions.

    Attributes
    ----------
    nucleus, anion : (n_links,) node numbers
    ligand_A : (n_links, 3) from the nucleus to the ligand atom
    vector_A : (n_links, 3) from the nucleus to the first atom of that image of the anion
    """

    nucleus: np.ndarray
    anion: np.ndarray
    ligand_A: np.ndarray
    vector_A: np.ndarray


@dataclass(frozen=True)
class Graph:
    """The aggregates of one frame.

    Attributes
    ----------
    aggregate : (n_nodes,) number of the aggregate that a node belongs to
    diameter : (n_aggregates,) longest of the shortest paths between two ions, in links; of a
        percolating aggregate it is bounded by the box
    n_directions : (n_aggregates,) independent directions in which an aggregate is linked to
        its own periodic image: 0 for a finite one, 1 a chain, 2 a sheet, 3 a network
    position_A : (n_nodes, 3) of the nodes, made whole along the links, from the first node of
        the aggregate
    winding : (n_links, 3) cell vectors between the anion that the nucleus of a link touches and
        the same anion as placed in `position_A`
    """

    aggregate: np.ndarray
    diameter: np.ndarray
    n_directions: np.ndarray
    position_A: np.ndarray
    winding: np.ndarray


def build_graph(links: Links, n_nodes: int, cell_A: NDArray[np.float64]) -> Graph:
    """The `Graph` of one frame's `Links` in a periodic cell, see `cell`.

    An aggregate percolates if a closed walk along its links ends in another image of the cell
    than it began. A spanning tree places every node; each link outside the tree closes one
    walk, and all closed walks are sums of these. So the number of directions is the rank of
    the image offsets (`winding`) over the links.
    """
    shape = (n_nodes, n_nodes)
    matrix = coo_array((np.ones(len(links.anion)), (links.nucleus, links.anion)), shape).tocsr()
    n_aggregates, aggregate = connected_components(matrix, directed=False)
    paths = shortest_path(matrix, directed=False, unweighted=True)
    diameter = np.zeros(n_aggregates, int)
    np.maximum.at(diameter, aggregate, np.max(paths, axis=1, where=np.isfinite(paths), initial=0))
    position_A = _walk(links, n_nodes)
    open_ends_A = position_A[links.nucleus] + links.vector_A - position_A[links.anion]
    winding = np.round(fractional(open_ends_A, cell_A)).astype(int)
    n_directions = np.zeros(n_aggregates, int)
    for number in np.unique(aggregate[links.anion[winding.any(axis=1)]]):
        n_directions[number] = np.linalg.matrix_rank(winding[aggregate[links.anion] == number])
    return Graph(aggregate, diameter, n_directions, position_A, winding)


def _walk(links, n_nodes):
    """Positions of all nodes along a spanning tree, the first node of each tree at 0."""
    neighbours = [[] for _ in range(n_nodes)]
    for nucleus, anion, vector in zip(links.nucleus, links.anion, links.vector_A, strict=True):
        neighbours[nucleus].append((anion, vector))
        neighbours[anion].append((nucleus, -vector))
    position_A = np.full((n_nodes, 3), np.nan)
    for root in range(n_nodes):
        if np.isnan(position_A[root, 0]):
            position_A[root] = 0.0
            waiting = deque([root])
            while waiting:
                node = waiting.popleft()
                for other, vector in neighbours[node]:
                    if np.isnan(position_A[other, 0]):
                        position_A[other] = position_A[node] + vector
                        waiting.append(other)
    return position_A


class NetworkFinder:
    """Finds the aggregates in the frames of one trajectory.

    Parameters
    ----------
    trajectory : Trajectory
    electrolyte : config.Electrolyte
    shell : config.Shell
    cutoff_A : float, the first-shell cut-off in force
    """

    def __init__(self, trajectory, electrolyte, shell, cutoff_A):
        self.trajectory = trajectory
        self.cutoff_A = cutoff_A
        self.centres = centres(trajectory, electrolyte)
        self.anions = np.flatnonzero(np.isin(trajectory.molecule_name, electrolyte.names("anion")))
        self.ligands = atoms_of_role(trajectory, electrolyte, ("anion",), shell.ligand_elements)
        molecules = trajectory.molecule_of[self.ligands]
        self._node = len(self.centres) + np.searchsorted(self.anions, molecules)
        self._first_atom = np.array([trajectory.atoms_of[m][0] for m in molecules], int)

    def links(self, frame: Frame) -> Links:
        """The `Links` of a frame, one for every ligand atom within the cut-off of a nucleus."""
        check_half_box("shell.cutoff_A", self.cutoff_A, frame, self.trajectory)
        separations = separations_A(frame, self.centres, self.ligands)
        nucleus, ligand = np.nonzero(np.linalg.norm(separations, axis=2) <= self.cutoff_A)
        ligand_A = separations[nucleus, ligand]
        inner_A = minimum_image(
            frame.positions_A[self._first_atom[ligand]] - frame.positions_A[self.ligands[ligand]],
            frame.cell_A,
        )
        return Links(nucleus, self._node[ligand], ligand_A, ligand_A + inner_A)

    def graph(self, frame: Frame) -> tuple[Links, Graph]:
        """(`Links`, `Graph`) of a frame."""
        links = self.links(frame)
        return links, build_graph(links, len(self.centres) + len(self.anions), frame.cell_A)

    def members(self, frame: Frame) -> pd.DataFrame:
        """The aggregate of every nucleus of a frame.

        Returns
        -------
        DataFrame with frame, time_ps, nucleus, aggregate, n_nuclei, n_ions, diameter, n_directions
        """
        _, graph = self.graph(frame)
        own = graph.aggregate[: len(self.centres)]
        return pd.DataFrame(
            {
                "frame": frame.index,
                "time_ps": frame.time_ps,
                "nucleus": range(len(own)),
                "aggregate": own,
                "n_nuclei": np.bincount(own, minlength=len(graph.diameter))[own],
                "n_ions": np.bincount(graph.aggregate)[own],
                "diameter": graph.diameter[own],
                "n_directions": graph.n_directions[own],
            }
        )

    def drawing(self, frame: Frame, aggregate: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Atoms and bonds of one aggregate, whole across the boundary, about its middle.

        Returns
        -------
        atoms : DataFrame with symbol, x_A, y_A, z_A
        bonds : DataFrame with kind (covalent; link, from nucleus to ligand atom; image, a link
            to the aggregate's own image) and the ends x1_A, y1_A, z1_A, x2_A, y2_A, z2_A
        """
        links, graph = self.graph(frame)
        nodes = np.flatnonzero(graph.aggregate == aggregate)
        parts = [self._placed(frame, node, graph.position_A[node]) for node in nodes]
        inside = np.flatnonzero(graph.aggregate[links.nucleus] == aggregate)
        start_A = graph.position_A[links.nucleus[inside]]
        bonds = [("covalent", *ends) for part in parts for ends in _bonded(part)]
        bonds += [
            ("image" if graph.winding[link].any() else "link", start, start + links.ligand_A[link])
            for link, start in zip(inside, start_A, strict=True)
        ]
        atoms = sum(parts[1:], start=parts[0])
        middle_A = atoms.positions.mean(axis=0)
        return (
            pd.DataFrame(atoms.positions - middle_A, columns=["x_A", "y_A", "z_A"]).assign(
                symbol=atoms.get_chemical_symbols()
            ),
            pd.DataFrame(
                [[kind, *(start - middle_A), *(end - middle_A)] for kind, start, end in bonds],
                columns=["kind", "x1_A", "y1_A", "z1_A", "x2_A", "y2_A", "z2_A"],
            ),
        )

    def _placed(self, frame, node, position_A):
        """The ion of a node, its first atom (or the nucleus) at a position."""
        n_centres = len(self.centres)
        atoms = (
            self.centres[[node]]
            if node < n_centres
            else self.trajectory.atoms_of[self.anions[node - n_centres]]
        )
        inner_A = minimum_image(
            frame.positions_A[atoms] - frame.positions_A[atoms[0]], frame.cell_A
        )
        return Atoms(self.trajectory.symbols[atoms], positions=position_A + inner_A)


def _bonded(atoms):
    """Ends of the covalent bonds of a molecule, by the sum of covalent radii."""
    first, second = neighbor_list("ij", atoms, natural_cutoffs(atoms, mult=1.2))
    return [
        (atoms.positions[i], atoms.positions[j])
        for i, j in zip(first, second, strict=True)
        if i < j
    ]


def member_table(finders: Iterable[NetworkFinder], stride: int) -> pd.DataFrame:
    """`NetworkFinder.members` of every analysed frame, one finder a replica."""
    parts = [
        finder.members(frame).assign(replica=replica)
        for replica, finder in enumerate(finders)
        for frame in finder.trajectory.frames(stride)
    ]
    return pd.concat(parts, ignore_index=True)


def largest(
    finders: Sequence[NetworkFinder], members: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`NetworkFinder.drawing` of the aggregate with the most ions, the first of equals."""
    row = members.loc[members["n_ions"].idxmax()]
    finder = finders[int(row["replica"])]
    return finder.drawing(finder.trajectory.frame(int(row["frame"])), row["aggregate"])


def distribution_table(
    members: Mapping[str, pd.DataFrame], molarity_M: Mapping[str, float], n_blocks: int
) -> pd.DataFrame:
    """How the nuclei are distributed over the sizes of aggregates, and their shifts.

    Parameters
    ----------
    members : dict of DataFrame by system: `member_table` with shift_ppm
    molarity_M : dict of float
    n_blocks : int, blocks of time a replica for the errors

    Returns
    -------
    DataFrame with system, molarity_M, quantity (n_nuclei: nuclei, n_ions: ions, diameter: links),
    value, li_share (share of the nuclei in such aggregates; sums to 1) with li_share_err,
    aggregates_per_frame (mean number of such aggregates with a nucleus), mean_shift_ppm of
    their nuclei with mean_shift_err_ppm, n_environments
    """
    rows = []
    for system, table in members.items():
        n_frames = table.groupby(["replica", "frame"]).ngroups
        samples = Samples.of(table, n_blocks)
        for quantity in QUANTITIES:
            for value, part in table.groupby(quantity):
                inside = table[quantity] == value
                share, share_err = samples.mean(inside)
                shift, shift_err = samples.mean(table["shift_ppm"], inside)
                rows.append(
                    {
                        "system": system,
                        "molarity_M": molarity_M[system],
                        "quantity": quantity,
                        "value": value,
                        "li_share": share,
                        "li_share_err": share_err,
                        "aggregates_per_frame": (1 / part["n_nuclei"]).sum() / n_frames,
                        "mean_shift_ppm": shift,
                        "mean_shift_err_ppm": shift_err,
                        "n_environments": len(part),
                    }
                )
    return pd.DataFrame(rows)


def summary_table(
    members: Mapping[str, pd.DataFrame], molarity_M: Mapping[str, float], n_blocks: int
) -> pd.DataFrame:
    """What the aggregates of every system amount to, each number with its error (`_err`).

    Returns
    -------
    DataFrame with system, molarity_M, free_nuclei_share (nuclei without an anion),
    largest_aggregate_share (share of the nuclei in the largest aggregate of their frame),
    percolating_nuclei_share (nuclei in percolating aggregates), percolating_frame_share (frames
    with such an aggregate), mean_n_nuclei, mean_n_ions, mean_diameter (of the aggregate that a
    nucleus is in), n_frames
    """
    rows = []
    for system, table in members.items():
        frame = table.groupby(["replica", "frame"])
        percolates = table["n_directions"] > 0
        quantities = {
            "free_nuclei_share": table["n_ions"] == 1,
            "largest_aggregate_share": frame["n_nuclei"].transform("max")
            / frame["nucleus"].transform("size"),
            "percolating_nuclei_share": percolates,
            "percolating_frame_share": percolates.groupby(
                [table["replica"], table["frame"]]
            ).transform("max"),
            "mean_n_nuclei": table["n_nuclei"],
            "mean_n_ions": table["n_ions"],
            "mean_diameter": table["diameter"],
        }
        row = {"system": system, "molarity_M": molarity_M[system]}
        samples = Samples.of(table, n_blocks)
        for name, values in quantities.items():
            row[name], row[f"{name}_err"] = samples.mean(values)
        rows.append(row | {"n_frames": frame.ngroups})
    return pd.DataFrame(rows)
