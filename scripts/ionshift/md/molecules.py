"""Molecules in a periodic box: made whole, moved with the box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionshift.md.stages import SimulationError, State

if TYPE_CHECKING:
    from openmm import app


def edges_of(box_nm: NDArray[np.float64], where: object) -> NDArray[np.float64]:
    """Edges (3,) in nm of a box (3, 3), which MD needs rectangular: packing, stages, barostats.

    Raises
    ------
    SimulationError
        if the box is of another shape.
    """
    edges_nm = np.diag(box_nm).astype(float)
    if not np.allclose(box_nm, np.diag(edges_nm)):
        raise SimulationError(
            f"{where}: the engine wrote the box {np.round(box_nm, 4).tolist()} nm; the MD takes "
            "rectangular boxes alone, so set the engine to keep the angles"
        )
    return edges_nm


def make_whole(
    topology: app.Topology, positions_nm: NDArray[np.float64], edges_nm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shift atoms by box edges so that no bond crosses the boundary; returns a copy.

    The first atom of every molecule lies in the box.
    """
    whole = positions_nm.copy()
    first = np.array([next(residue.atoms()).index for residue in topology.residues()])
    whole[first] -= edges_nm * np.floor(whole[first] / edges_nm)
    for parents, children in bond_layers(topology):
        step = whole[children] - whole[parents]
        whole[children] -= edges_nm * np.round(step / edges_nm)
    return whole


def bond_layers(topology: app.Topology) -> list[tuple[NDArray[np.integer], NDArray[np.integer]]]:
    """Bonds walked outwards from the first atom of each residue: (parents, children) a layer."""
    neighbours: dict[int, list[int]] = {atom.index: [] for atom in topology.atoms()}
    for bond in topology.bonds():
        neighbours[bond[0].index].append(bond[1].index)
        neighbours[bond[1].index].append(bond[0].index)
    front = [next(residue.atoms()).index for residue in topology.residues()]
    seen, layers = set(front), []
    while front:
        pairs = []
        for parent in front:
            for child in neighbours[parent]:
                if child not in seen:
                    seen.add(child)
                    pairs.append((parent, child))
        if pairs:
            layers.append(tuple(np.array(pairs).T))
        front = [child for _, child in pairs]
    return layers


def scale_box(topology: app.Topology, state: State, factor: float) -> State:
    """Scale the box and the molecules' centres by `factor`; molecules keep their shape."""
    whole = make_whole(topology, state.positions_nm, state.edges_nm)
    molecule = np.array([atom.residue.index for atom in topology.atoms()])
    sizes = np.bincount(molecule)[:, None]
    centres = np.stack([np.bincount(molecule, whole[:, k]) for k in range(3)], axis=1) / sizes
    moved = whole + ((factor - 1.0) * centres)[molecule]
    return State(moved, state.velocities_nm_ps, state.edges_nm * factor)
