"""Starting boxes that are given: ends of an earlier MD in place of packed boxes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from openmm import app

from ionshift.core.errors import InputError
from ionshift.systems import electrolyte

LONGEST_BOND_A = 3.0
"""No bond of a molecule is longer; one across the box is."""
VOLUME_SHARE = 0.15
"""A box may differ by this share from the volume that `density_g_cm3` says."""


def check(el: Any, systems: Mapping[str, Any], replicas: int) -> None:
    """Raise `InputError` if given boxes are too few or hold something else than their system.

    Parameters
    ----------
    el : config.Electrolyte
    systems : config.System by its key in the configuration, for the message
    replicas : number of replicas of each
    """
    for key, system in systems.items():
        if system.starts and len(system.starts) < replicas:
            raise InputError(
                f"{key}.starts: {len(system.starts)} boxes for {replicas} replicas; name one a "
                "replica, lower md.replicas, or empty it to have boxes packed"
            )
        for i, path in enumerate(system.starts):
            _check_box(el, system, path, f"{key}.starts[{i}] = '{path}'")


def take_box(el: Any, sy: Any, path: str | Path, out_pdb: str | Path) -> None:
    """Write a given box as the packing would write it; `InputError` as `check` raises it."""
    topology, positions_A, edges_A = _check_box(el, sy, path, str(path))
    electrolyte.write_pdb(topology, positions_A, edges_A, out_pdb)


def _check_box(el, sy, path, what):
    if not Path(path).is_file():
        raise InputError(
            f"{what}: no such file; give the path of a PDB file relative to the repository's root"
        )
    expected = electrolyte.build_topology(el, sy.counts)
    found = _read_topology(path, what)
    if _atoms(found) != _atoms(expected):
        raise InputError(
            f"{what} holds {_contents(found)}, but counts says {dict(sy.counts)}; name a box of "
            "the same molecules in the same order, with the atoms of their templates"
        )
    positions_A, edges_A = electrolyte.read_pdb_positions(path), electrolyte.read_pdb_box(path)
    if not (np.isfinite(positions_A).all() and (edges_A > 0).all()):
        raise InputError(f"{what}: a position or box edge is no number above zero; write it anew")
    _check_volume(el, sy, edges_A, what)
    _check_whole(expected, positions_A, what)
    return expected, positions_A, edges_A


def _read_topology(path, what):
    try:
        return app.PDBFile(str(path)).topology
    except Exception as error:
        raise InputError(f"{what} cannot be read as PDB ({error}); write it anew") from error


def _atoms(topology):
    return [(atom.residue.name, atom.name, atom.element) for atom in topology.atoms()]


def _contents(topology):
    names = [residue.name for residue in topology.residues()]
    counts = {name: names.count(name) for name in dict.fromkeys(names)}
    return f"{topology.getNumAtoms()} atoms of {counts or 'nothing'}"


def _check_volume(el, sy, edges_A, what):
    volume_A3 = float(np.prod(edges_A))
    expected_A3 = electrolyte.volume_A3(el, sy.counts, sy.density_g_cm3)
    if abs(volume_A3 / expected_A3 - 1) > VOLUME_SHARE:
        density = electrolyte.density_g_cm3(el, sy.counts, volume_A3)
        raise InputError(
            f"{what} has {density:.3f} g/cm3, but density_g_cm3 = {sy.density_g_cm3:g}; correct "
            "one of them"
        )


def _check_whole(topology, positions_A, what):
    bonds = np.array([(a.index, b.index) for a, b in topology.bonds()], dtype=int).reshape(-1, 2)
    lengths_A = np.linalg.norm(positions_A[bonds[:, 0]] - positions_A[bonds[:, 1]], axis=1)
    if len(bonds) and lengths_A.max() > LONGEST_BOND_A:
        raise InputError(
            f"{what}: a bond is {lengths_A.max():.1f} A long; write molecules whole, not wrapped "
            "into the box"
        )
