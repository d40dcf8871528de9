"""Training a potential: grouped split, runs of the committee and of the learning curve."""

from dataclasses import dataclass

import numpy as np

from ionshift.errors import InputError
from ionshift.potentials import mace_training
from ionshift.potentials.reference import ENERGY
from ionshift.splits import grouped_split

BACKENDS = {"mace": mace_training.train}
"""Each trains one model: (parts of the frames, energies of atoms, config.PotentialModel, seed,
folder, threads, log) -> path of the model."""


@dataclass(frozen=True)
class Run:
    """One training: `share` of the training frames, `member` sets seeds and validation frames."""

    name: str
    member: int
    share: float


def runs(settings):
    """The trainings of a `config.PotentialModel`: committee first, then the learning curve."""
    members = [Run(f"member{i}", i, 1.0) for i in range(settings.committee_size)]
    curve = [Run(f"share{round(1000 * s):03d}", 0, s) for s in settings.learning_shares]
    return members + curve


def run_named(name, settings):
    """The `Run` with this name."""
    return next(run for run in runs(settings) if run.name == name)


def labelled(frames):
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


def split(frames, settings, run=None):
    """Indices of the frames of each part, whole groups at a time.

    Returns
    -------
    dict with `test`, equal for all runs, and `train`; with a run also `valid`, and `train` less
    those, thinned to the run's share

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
    rest, test = grouped_split(groups, settings.test_share, settings.seed)
    if run is None:
        return {"train": rest, "test": test}
    if len(set(groups[rest])) < 2:
        raise InputError(
            "one group of frames is left to train and validate on; label more frames, or lower "
            "potential_training.model.test_share or group_ps"
        )
    seed = settings.seed + run.member
    train, valid = (rest[part] for part in grouped_split(groups[rest], settings.valid_share, seed))
    order = np.random.default_rng(settings.seed).permutation(train)
    kept = np.sort(order[: max(1, round(run.share * len(train)))])
    return {"train": kept, "valid": valid, "test": test}


def train(frames, settings, run, atom_energies, folder, threads=1, log=print):
    """Train one model on labelled frames; a killed training goes on in the same folder.

    Parameters
    ----------
    frames : list of Atoms with status ok, see `reference.label_frames`
    settings : config.PotentialModel
    atom_energies : symbol to energy in eV, or None for a fit to the frames

    Returns
    -------
    (path of the model, DataFrame of its validation errors by epoch)
    """
    parts = {
        name: [frames[i] for i in index] for name, index in split(frames, settings, run).items()
    }
    counts = {name: len(part) for name, part in parts.items()}
    spread = np.std([atoms.info[ENERGY] / len(atoms) for atoms in parts["train"]])
    log(f"{run.name}: frames {counts}, spread of the energy per atom {1000 * spread:.2f} meV")
    return BACKENDS[settings.backend](
        parts, atom_energies, settings, settings.seed + run.member, folder, threads, log
    )
