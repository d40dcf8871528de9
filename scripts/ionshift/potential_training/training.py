"""Training a potential: grouped split, one run of the committee or of the learning curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialModel
from ionshift.core.errors import InputError
from ionshift.labels.store import content_hash
from ionshift.learning.splits import grouped_split
from ionshift.potential_training import mace_training
from ionshift.potential_training.frames import ENERGY, FORCES, STRESS
from ionshift.potentials.coulomb import EwaldPrior

if TYPE_CHECKING:
    import pandas as pd
    from ase import Atoms

BACKENDS = {"mace": mace_training.train}
"""Each trains one model: (parts of the frames, energies of atoms, config.PotentialModel, seed,
folder, threads, log) -> path of the model."""


def labelled(frames: Sequence[Atoms]) -> list[Atoms]:
    """The frames with status ok.

    Raises
    ------
    InputError
        if there is none.
    """
    chosen = [atoms for atoms in frames if atoms.info.get("status") == "ok"]
    if not chosen:
        raise InputError("there is no ok frame to train on; see the reasons in frames.parquet")
    return chosen


def without_prior(frames: Sequence[Atoms], prior: CoulombPrior | None) -> Sequence[Atoms]:
    """Labelled frames less the prior's energy, forces and stress; as they are without a prior."""
    if prior is None:
        return frames
    calculator = EwaldPrior(prior)
    less = []
    for frame in frames:
        atoms = frame.copy()
        atoms.calc = calculator
        atoms.info[ENERGY] = frame.info[ENERGY] - atoms.get_potential_energy()
        atoms.info[STRESS] = np.asarray(frame.info[STRESS]) - atoms.get_stress()
        atoms.arrays[FORCES] = frame.arrays[FORCES] - atoms.get_forces()
        atoms.calc = None
        less.append(atoms)
    return less


def split(
    frames: Sequence[Atoms], settings: PotentialModel, member: int | None = None, share: float = 1.0
) -> dict[str, NDArray[np.integer]]:
    """Indices of the frames of each part, whole groups at a time.

    The frames of every round are split by themselves: what later rounds add moves no frame of an
    earlier one between training and test.

    Returns
    -------
    dict with `test`, equal for all members, and `train`; with a member also `valid`, and `train`
    less those, thinned to `share`

    Raises
    ------
    InputError
        if there are too few groups.
    """
    groups = np.array([atoms.info["group"] for atoms in frames])
    if len(set(groups)) < 3:
        raise InputError(
            f"{len(set(groups))} groups of frames cannot be split into training, validation and "
            "test; label more frames or lower potential_training.model.group_ps"
        )
    rest, test = _split_by_round(frames, groups, settings)
    if member is None:
        return {"train": rest, "test": test}
    if len(set(groups[rest])) < 2:
        raise InputError(
            "one group of frames is left to train and validate on; label more frames, or lower "
            "potential_training.model.test_share or group_ps"
        )
    seed = settings.seed + member
    train, valid = (rest[part] for part in grouped_split(groups[rest], settings.valid_share, seed))
    order = np.random.default_rng(settings.seed).permutation(train)
    kept = np.sort(order[: max(1, round(share * len(train)))])
    return {"train": kept, "valid": valid, "test": test}


def _split_by_round(frames, groups, settings):
    """Indices of training and test; a round of one group is for training alone."""
    number = np.array([atoms.info.get("round", 0) for atoms in frames])
    test = []
    for index in (np.flatnonzero(number == one) for one in np.unique(number)):
        if len(set(groups[index])) > 1:
            test.append(index[grouped_split(groups[index], settings.test_share, settings.seed)[1]])
    if not test:
        return grouped_split(groups, settings.test_share, settings.seed)
    test = np.sort(np.concatenate(test))
    return np.setdiff1d(np.arange(len(frames)), test), test


def train(
    frames: Sequence[Atoms],
    settings: PotentialModel,
    member: int,
    share: float,
    atom_energies: Mapping[str, float] | None,
    folder: Path,
    threads: int = 1,
    log: Callable[[str], None] = print,
) -> tuple[Path, pd.DataFrame]:
    """Train one model on labelled frames; a killed training goes on in the same folder.

    Parameters
    ----------
    frames : list of Atoms with status ok, see `reference.label_frames`
    settings : config.PotentialModel
    member : sets the seed of weights and the frames of validation
    share : of the training frames, for a learning curve
    atom_energies : symbol to energy in eV, or None for a fit to the frames

    Returns
    -------
    (path of the model, DataFrame of its validation errors by epoch)
    """
    parts = {
        name: [frames[i] for i in index]
        for name, index in split(frames, settings, member, share).items()
    }
    counts = {name: len(part) for name, part in parts.items()}
    spread = np.std([atoms.info[ENERGY] / len(atoms) for atoms in parts["train"]])
    log(f"frames {counts}, spread of the energy per atom {1000 * spread:.2f} meV")
    folder = Path(folder) / _fingerprint(parts, atom_energies, settings, member)
    return BACKENDS[settings.backend](
        parts, atom_energies, settings, settings.seed + member, folder, threads, log
    )


def _fingerprint(parts, atom_energies, settings, member):
    """Short hash of a training: an unfinished one is gone on with only if nothing has changed."""
    frames = {
        name: [(atoms.info["frame_id"], atoms.info[ENERGY]) for atoms in part]
        for name, part in parts.items()
    }
    counted = settings.model_dump(mode="json", exclude={"threads", "committee_size"})
    return content_hash([frames, atom_energies, counted, member])[:12]
