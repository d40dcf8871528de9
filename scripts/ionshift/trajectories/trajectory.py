"""Reading trajectories: molecules, frames, distances across the periodic boundary."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import MDAnalysis
import numpy as np

from ionshift.core.errors import InputError


@dataclass(frozen=True)
class Frame:
    """One production frame: positions (n_atoms, 3) and box edges (3,) in A."""

    index: int
    time_ps: float
    positions_A: np.ndarray
    box_A: np.ndarray


class Trajectory:
    """A topology with its frames, opened for streaming.

    Attributes
    ----------
    symbols : (n_atoms,) element symbols
    molecule_of : (n_atoms,) index of the molecule an atom belongs to
    molecule_name : (n_molecules,) residue names
    atoms_of : list of index arrays, one a molecule

    Raises
    ------
    InputError
        if a file is missing or unreadable, or if there is no frame.
    """

    def __init__(self, topology, trajectory):
        self.path = Path(trajectory)
        for path in (topology, trajectory):
            if not Path(path).is_file() or Path(path).stat().st_size == 0:
                raise InputError(
                    f"trajectory file {path} is missing or empty; delete it and rerun the MD"
                )
        self._universe = _open(topology, trajectory)
        atoms = self._universe.atoms
        self.symbols = np.array([str(e).capitalize() for e in atoms.elements])
        self.molecule_of = atoms.resindices.copy()
        self.molecule_name = np.array(self._universe.residues.resnames)
        self.atoms_of = [residue.atoms.indices.copy() for residue in self._universe.residues]

    def __len__(self):
        return len(self._universe.trajectory)

    def frames(self, stride=1):
        """Yield every `stride`-th `Frame`."""
        for snapshot in self._universe.trajectory[::stride]:
            yield self._frame(snapshot)

    def frame(self, index):
        """Return the frame with `index`."""
        return self._frame(self._universe.trajectory[index])

    def _frame(self, snapshot):
        box_A = snapshot.dimensions
        if box_A is None or not np.allclose(box_A[3:], 90.0):
            raise InputError(f"{self.path}: frame {snapshot.frame} has no orthorhombic box")
        return Frame(
            int(snapshot.frame),
            float(snapshot.time),
            snapshot.positions.astype(float),
            box_A[:3].astype(float),
        )


def open_all(topologies, trajectories):
    """A `Trajectory` for every replica, in order."""
    return [Trajectory(*paths) for paths in zip(topologies, trajectories, strict=True)]


def _open(topology, trajectory):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            universe = MDAnalysis.Universe(str(topology), str(trajectory), refresh_offsets=True)
            n_frames = len(universe.trajectory)
        except (OSError, ValueError, EOFError, StopIteration) as error:
            raise InputError(
                f"{trajectory} cannot be read with topology {topology} ({error}); "
                "delete it and rerun the MD"
            ) from None
    if n_frames == 0:
        raise InputError(f"{trajectory} has no frame; rerun the MD with a longer production_ps")
    return universe


def minimum_image(vectors_A, box_A):
    """Vectors (..., 3) folded to their shortest periodic image in an orthorhombic box (3,)."""
    return vectors_A - box_A * np.round(vectors_A / box_A)
