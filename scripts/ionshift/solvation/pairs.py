"""Radial distributions of the nucleus with the atoms of solvents, anions and other nuclei."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.solvation.shells import atoms_of_role, centres, radial_distribution

if TYPE_CHECKING:
    from ionshift.trajectories.trajectory import Trajectory

LEFT_OUT = ("H", "C")


def pairs(
    trajectory: Trajectory, electrolyte: Electrolyte, shell: Shell
) -> dict[str, tuple[NDArray[np.integer], NDArray[np.integer]]]:
    """The pairs of atom sets whose g(r) describes the electrolyte.

    The nucleus with the ligand atoms of the solvents, with every element of the anions but H
    and C (ligand elements first), and with its like. A pair without members is left out.

    Returns
    -------
    dict of name, such as 'Li-O (anion)', to (group_a, group_b) of atom indices
    """
    nuclei = centres(trajectory, electrolyte)
    found = {}
    for role, elements in (
        ("solvent", shell.ligand_elements),
        ("anion", _anion_elements(trajectory, electrolyte, shell)),
    ):
        for element in elements:
            atoms = atoms_of_role(trajectory, electrolyte, (role,), [element])
            found[f"{electrolyte.nucleus}-{element} ({role})"] = (nuclei, atoms)
    found[f"{electrolyte.nucleus}-{electrolyte.nucleus}"] = (nuclei, nuclei)
    return {name: (a, b) for name, (a, b) in found.items() if len(np.setdiff1d(b, a[:1])) > 0}


def _anion_elements(trajectory, electrolyte, shell):
    names = electrolyte.names("anion")
    in_anion = np.isin(trajectory.molecule_name[trajectory.molecule_of], names)
    present = dict.fromkeys(trajectory.symbols[in_anion])
    ordered = dict.fromkeys([*shell.ligand_elements, *present])
    return [e for e in ordered if e in shell.ligand_elements or e not in LEFT_OUT]


def pair_table(
    trajectories: Sequence[Trajectory], electrolyte: Electrolyte, shell: Shell, stride: int = 1
) -> pd.DataFrame:
    """g(r) and running coordination number of every pair, averaged over replicas.

    Parameters
    ----------
    trajectories : list of Trajectory, one a replica

    Returns
    -------
    DataFrame with pair, r_A, g and n (atoms of the second kind within r of one nucleus)
    """
    parts = []
    for trajectory in trajectories:
        for name, (group_a, group_b) in pairs(trajectory, electrolyte, shell).items():
            rdf = radial_distribution(
                trajectory, group_a, group_b, shell.rdf_max_A, shell.rdf_bin_A, stride
            )
            rdf.insert(0, "pair", name)
            parts.append(rdf)
    return pd.concat(parts).groupby(["pair", "r_A"], sort=False, as_index=False).mean()
