"""Frames for a potential to learn: whole periodic boxes of MD, and distorted copies of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ase.io
import numpy as np
from ase import Atoms

from ionshift.config.potential_training import PotentialFrames
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path

if TYPE_CHECKING:
    from ionshift.trajectories.trajectory import Trajectory

FORCES, ENERGY, STRESS = "REF_forces", "REF_energy", "REF_stress"
"""Names of labels in frames, those that mace-torch reads by default."""


def choose(
    trajectories: Sequence[Trajectory],
    system: str,
    settings: PotentialFrames,
    group_ps: float,
    seed: int,
) -> list[Atoms]:
    """Frames at equal distances over all replicas of a system, and distorted copies.

    Parameters
    ----------
    trajectories : list of `trajectory.Trajectory`, one a replica, molecules whole
    settings : config.PotentialFrames
    group_ps : frames of one replica within this time get one name of a group; a distorted copy
        has its frame's
    seed : of the distortions

    Returns
    -------
    list of Atoms with frame_id, system, origin (md or distorted), replica, frame, time_ps and
    group in info and the index of each atom's molecule in arrays (`molecule`)

    Raises
    ------
    InputError
        if there are fewer frames than asked for.
    """
    places = [
        (replica, index)
        for replica, trajectory in enumerate(trajectories)
        for index in range(len(trajectory))
    ]
    wanted = max(settings.n_frames, settings.n_distorted)
    if len(places) < wanted:
        raise InputError(
            f"potential_training.frames: {wanted} frames of system {system} are asked for, its MD "
            f"has {len(places)}; lower n_frames and n_distorted, or lengthen "
            "potential_training.md.production_ps"
        )
    frames = [
        from_md(trajectories[replica], system, replica, index, group_ps)
        for replica, index in _spread(places, settings.n_frames)
    ]
    rng = np.random.default_rng(seed)
    for number, (replica, index) in enumerate(_spread(places, settings.n_distorted)):
        atoms = from_md(trajectories[replica], system, replica, index, group_ps)
        frames.append(distorted(atoms, settings.rattle_A, settings.strain, rng))
        frames[-1].info |= {"origin": "distorted", "frame_id": f"{system}/d{number}"}
    return frames


def _spread(places, n):
    return [places[i] for i in np.linspace(0, len(places) - 1, n).round().astype(int)]


def from_md(
    trajectory: Trajectory, system: str, replica: int, index: int, group_ps: float = np.inf
) -> Atoms:
    """A frame of a trajectory as Atoms with the info and the molecules that `choose` describes."""
    frame = trajectory.frame(index)
    atoms = Atoms(trajectory.symbols, frame.positions_A, cell=frame.cell_A, pbc=True)
    atoms.arrays["molecule"] = np.asarray(trajectory.molecule_of)
    atoms.info = {
        "frame_id": f"{system}/r{replica}/f{frame.index}",
        "system": system,
        "origin": "md",
        "replica": replica,
        "frame": frame.index,
        "time_ps": frame.time_ps,
        "group": f"{system}/r{replica}/b{int(frame.time_ps // group_ps)}",
    }
    return atoms


def distorted(atoms: Atoms, rattle_A: float, strain: float, rng: np.random.Generator) -> Atoms:
    """A copy in a box longer or shorter by up to `strain`, its atoms displaced at random.

    Molecules are moved as a whole with the box; then every coordinate gets a normal displacement
    of standard deviation `rattle_A`.
    """
    factor = 1 + rng.uniform(-strain, strain)
    molecule = atoms.arrays["molecule"]
    sizes = np.bincount(molecule)
    centres = np.stack([np.bincount(molecule, x) for x in atoms.positions.T], axis=1)
    moved = atoms.copy()
    moved.set_cell(atoms.cell * factor, scale_atoms=False)
    moved.positions += ((factor - 1) * centres / sizes[:, None])[molecule]
    moved.positions += rng.normal(scale=rattle_A, size=moved.positions.shape) if rattle_A else 0.0
    return moved


def write(path: str | Path, frames: Sequence[Atoms]) -> None:
    """Write frames as extxyz, whole or not at all."""
    with atomic_path(path) as temporary:
        ase.io.write(temporary, frames, format="extxyz")


def read(path: str | Path, may_be_empty: bool = False) -> list[Atoms]:
    """Read frames from extxyz.

    Raises
    ------
    InputError
        if the file cannot be read, or holds no frame where it must.
    """
    if may_be_empty and Path(path).stat().st_size == 0:
        return []
    try:
        frames: Any = ase.io.read(path, index=":", format="extxyz")
    except Exception as error:
        raise InputError(
            f"{path} is not a readable extxyz file ({type(error).__name__}: {error}); delete or "
            "restore it"
        ) from None
    if not frames:
        raise InputError(f"{path} holds no frame")
    return frames
