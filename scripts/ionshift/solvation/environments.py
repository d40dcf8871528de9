"""All analysed environments of a system: its replicas, streamed in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_numbers

from ionshift.descriptors.geometry import Geometries

if TYPE_CHECKING:
    from ionshift.solvation.shells import ShellFinder
    from ionshift.trajectories.trajectory import Frame


def count(finders: Iterable[ShellFinder], stride: int) -> int:
    """Number of environments in every `stride`-th frame."""
    return sum(len(range(0, len(f.trajectory), stride)) * len(f.centres) for f in finders)


def in_chunks(
    finders: Iterable[ShellFinder], stride: int, chunk_size: int
) -> Iterator[tuple[list[dict[str, Any]], Geometries]]:
    """Yield (records, `Geometries`) of at most `chunk_size` environments, replica by replica.

    A record is a dict with the origin of an environment and what its shell holds.
    """
    records, numbers, positions_A = [], [], []
    for replica, finder in enumerate(finders):
        atomic_number = np.array([atomic_numbers[name] for name in finder.trajectory.symbols])
        for frame in finder.trajectory.frames(stride):
            for number, environment in enumerate(finder.shells(frame)):
                atoms, at_A = finder.geometry(frame, environment)
                numbers.append(atomic_number[atoms])
                positions_A.append(at_A)
                records.append(origin(replica, frame, number) | _shell(environment))
                if len(records) == chunk_size:
                    yield records, Geometries.join(numbers, positions_A)
                    records, numbers, positions_A = [], [], []
    if records:
        yield records, Geometries.join(numbers, positions_A)


def origin(replica: int, frame: Frame, number: int) -> dict[str, Any]:
    """Where an environment comes from: the key that the tables of environments share."""
    return {"replica": replica, "frame": frame.index, "time_ps": frame.time_ps, "nucleus": number}


def _shell(environment):
    return {
        "n_anion": environment.n_anion,
        "n_solvent": environment.n_solvent,
        "coordination": environment.coordination,
        "solvation_class": environment.solvation_class,
        "lsi_A2": environment.lsi_A2,
    }
