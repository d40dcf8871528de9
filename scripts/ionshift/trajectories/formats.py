"""Files of frames by suffix. A format is one class here and one entry of `FORMATS`.

A class opens a path and has `n_atoms`, `n_frames`, `read(index)`, which gives time_ps, positions
(n_atoms, 3) and cell (3, 3) in A, and `topology`, None where the format names no elements. What
cannot be read raises `Damaged` with the reason.
"""

from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from ionshift.core.errors import InputError
from ionshift.trajectories.topology import Topology, topology_of

A_PER_NM = np.float32(10.0)
RawFrame = tuple[float, np.ndarray, np.ndarray]


class Damaged(Exception):
    """A file of frames, or one of them, cannot be read; the message says why."""


class Xtc:
    """GROMACS's compressed frames, read one at a time.

    MDAnalysis's reader of universes knows a cell by lengths and angles alone, which turns it
    about and hides a singular one; the vectors are read here as the file has them.
    """

    topology: Topology | None = None

    def __init__(self, path: Path) -> None:
        try:
            self._file = XTCFile(str(path))
            self.n_atoms, self.n_frames = self._file.n_atoms, len(self._file)
        except (OSError, EOFError, StopIteration) as error:
            raise Damaged(str(error)) from None

    def read(self, index: int) -> RawFrame:
        try:
            self._file.seek(index)
            frame = self._file.read()
        except (OSError, EOFError) as error:
            raise Damaged(str(error)) from None
        except StopIteration:
            raise Damaged("the file ends within it") from None
        positions_A, cell_A = (frame.x * A_PER_NM, frame.box * A_PER_NM)
        return float(frame.time), positions_A.astype(float), cell_A.astype(float)


class Extxyz:
    """Frames of extended XYZ, all held in memory; `time_ps` of a frame is read from its line."""

    def __init__(self, path: Path) -> None:
        if not path.read_bytes().endswith(b"\n"):
            raise Damaged("its last line is cut off")
        try:
            frames: Any = ase.io.read(path, index=":", format="extxyz")
        except Exception as error:
            # ASE raises whatever it meets: KeyError, ValueError, XYZError, AssertionError, ...
            raise Damaged(f"{type(error).__name__}: {error}") from None
        self._frames: list[ase.Atoms] = frames
        self.n_frames = len(self._frames)
        self.n_atoms = len(self._frames[0]) if self._frames else 0
        self.topology = topology_of(self._frames[0], path) if self._frames else None

    def read(self, index: int) -> RawFrame:
        atoms, first = self._frames[index], self._frames[0]
        if not np.array_equal(atoms.numbers, first.numbers):
            raise Damaged("it has other atoms than the first, or another order")
        if not atoms.pbc.all():
            raise Damaged("it is not periodic in all three directions")
        time_ps = float(atoms.info.get("time_ps", np.nan))
        return time_ps, atoms.positions, atoms.cell[:]


FORMATS: dict[str, type[Xtc] | type[Extxyz]] = {".xtc": Xtc, ".extxyz": Extxyz}


def open_frames(path: Path) -> Xtc | Extxyz:
    """Open a file of frames in the format of its suffix.

    Raises
    ------
    InputError for an unknown suffix, Damaged for a file that cannot be read.
    """
    if path.suffix not in FORMATS:
        raise InputError(
            f"{path}: frames are read from {', '.join(FORMATS)}; convert the file to one of them"
        )
    return FORMATS[path.suffix](path)
