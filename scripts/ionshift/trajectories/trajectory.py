"""Reading trajectories: molecules and frames, held to what their MD says of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionshift.core.errors import InputError
from ionshift.trajectories.cell import minimum_image, right_handed, volume_A3
from ionshift.trajectories.formats import Damaged, Extxyz, Xtc, open_frames
from ionshift.trajectories.summary import Summary, read_summary
from ionshift.trajectories.topology import Topology, read_topology

# A PDB file and an XTC file round positions to 0.001 A each.
SAME_PLACE_A = 0.01
SAME_EDGE = 1e-4
# XTC stores the time in single precision.
SAME_TIME, SAME_TIME_ps = 1e-5, 1e-4


@dataclass(frozen=True)
class Frame:
    """One production frame: positions (n_atoms, 3) and cell vectors as rows (3, 3) in A.

    The cell has any shape and is right-handed. `time_ps` is NaN where the file has no times.
    """

    index: int
    time_ps: float
    positions_A: NDArray[np.float64]
    cell_A: NDArray[np.float64]


class Trajectory:
    """A topology with its frames, opened for streaming.

    Parameters
    ----------
    topology : PDB file whose residues are the molecules; None if the frames name their atoms
        (extxyz, where the arrays `molecule` and `molecule_name` may name molecules)
    trajectory : file of frames, see `formats.FORMATS`
    summary : md_summary.json of the MD, which the files are then held to; None if there is none
    molecules : False takes every atom for itself, whatever the topology says

    Attributes
    ----------
    symbols : (n_atoms,) element symbols
    molecule_of : (n_atoms,) index of the molecule an atom belongs to
    molecule_name : (n_molecules,) residue names; an atom for itself is named by its element
    atoms_of : list of index arrays, one a molecule

    Raises
    ------
    InputError
        if a file is missing, cut off or unreadable, if there is no frame, or if topology, frames
        and summary are not those of one run.
    """

    def __init__(
        self,
        topology: str | Path | None,
        trajectory: str | Path,
        summary: str | Path | None = None,
        molecules: bool = True,
    ) -> None:
        self.path = Path(trajectory)
        self._remedy = f"delete it and rerun the MD (rm {trajectory}, then ionshift run)"
        for path in (topology, trajectory):
            if path is not None and (not Path(path).is_file() or Path(path).stat().st_size == 0):
                raise InputError(
                    f"trajectory file {path} is missing or empty; delete it and rerun the MD "
                    f"(rm {path}, then ionshift run)"
                )
        self._frames = self._open()
        self._start_ps = 0.0
        self._interval_ps: float | None = None
        atoms = self._topology(topology)
        if summary is None:
            self._check_frames()
        else:
            self._hold_to(read_summary(summary), atoms, topology, summary)
        atoms = atoms if molecules else atoms.single_atoms()
        self.symbols = atoms.symbols
        self.molecule_of, self.molecule_name = atoms.molecule_of, atoms.molecule_name
        order = np.argsort(self.molecule_of, kind="stable")
        self.atoms_of = np.split(order, np.cumsum(np.bincount(self.molecule_of))[:-1])

    def __len__(self) -> int:
        return self._frames.n_frames

    def frames(self, stride: int = 1) -> Iterator[Frame]:
        """Yield every `stride`-th `Frame`."""
        for index in range(0, len(self), stride):
            yield self.frame(index)

    def frame(self, index: int) -> Frame:
        """Return the frame with `index`.

        Raises
        ------
        InputError
            if it is damaged, has no cell, or is not at its time.
        """
        index = range(len(self))[index]
        where = f"{self.path}: frame {index}"
        try:
            time_ps, positions_A, cell_A = self._frames.read(index)
        except Damaged as error:
            raise InputError(f"{where} cannot be read ({error}); {self._remedy}") from None
        self._check_time(index, time_ps)
        finite = np.isfinite(positions_A).all(axis=1)
        if not finite.all():
            atom = int(np.argmin(finite))
            raise InputError(f"{where} has no finite position of atom {atom}; {self._remedy}")
        return Frame(index, time_ps, positions_A, right_handed(cell_A, where))

    def _open(self) -> Xtc | Extxyz:
        try:
            frames = open_frames(self.path)
        except Damaged as error:
            raise InputError(f"{self.path} cannot be read ({error}); {self._remedy}") from None
        if frames.n_frames == 0:
            raise InputError(f"{self.path} has no frame; rerun the MD with a longer production_ps")
        return frames

    def _topology(self, path: str | Path | None) -> Topology:
        atoms = self._frames.topology if path is None else read_topology(path)
        if atoms is None:
            raise InputError(f"{self.path} does not name its atoms; give a topology (PDB) as well")
        if len(atoms.symbols) != self._frames.n_atoms:
            raise InputError(
                f"{self.path} has {self._frames.n_atoms} atoms, its topology {path} has "
                f"{len(atoms.symbols)}: they are of different systems; {self._remedy}"
            )
        return atoms

    def _check_frames(self, n_expected: int | None = None) -> None:
        """The last frame is whole, and the frames are as many as expected."""
        found, torn = self._frames.n_frames, ""
        try:
            self._frames.read(found - 1)
        except Damaged as error:
            found, torn = found - 1, f", the one after them cannot be read ({error})"
        if torn or n_expected not in (None, found):
            promised = "" if n_expected is None else f", its MD wrote {n_expected}"
            raise InputError(
                f"{self.path} has {found} whole frames{torn}{promised}: it is not the file of the "
                f"finished run; {self._remedy}"
            )

    def _hold_to(
        self, said: Summary, atoms: Topology, topology: str | Path | None, summary: str | Path
    ) -> None:
        """The files are those of the run that the summary tells of."""
        if said.n_atoms != self._frames.n_atoms:
            raise InputError(
                f"{self.path} has {self._frames.n_atoms} atoms, its MD had {said.n_atoms} "
                f"({summary}); {self._remedy}"
            )
        if said.counts is not None and said.counts != atoms.counts():
            raise InputError(
                f"topology {topology} holds the molecules {atoms.counts()}, the MD had "
                f"{said.counts} ({summary}); delete it and rerun the MD (rm {topology}, then "
                "ionshift run)"
            )
        self._check_frames(said.n_frames)
        first = self.frame(0)
        self._start_ps, self._interval_ps = first.time_ps, said.frame_interval_ps
        self._check_time(len(self) - 1, self.frame(-1).time_ps)
        moved_A = minimum_image(first.positions_A - atoms.positions_A, first.cell_A)
        if np.abs(moved_A).max() > SAME_PLACE_A:
            raise InputError(
                f"topology {topology} is not of {self.path}: atom "
                f"{int(np.abs(moved_A).max(axis=1).argmax())} is elsewhere in the first frame, so "
                f"the atoms are others or in another order; {self._remedy}"
            )
        edge_A = volume_A3(first.cell_A) ** (1 / 3)
        if said.box_edge_A and abs(edge_A / said.box_edge_A - 1) > SAME_EDGE:
            raise InputError(
                f"{self.path} begins with a box of {edge_A:.3f} A, its MD with one of "
                f"{said.box_edge_A:.3f} A ({summary}): they are of different runs; {self._remedy}"
            )

    def _check_time(self, index: int, time_ps: float) -> None:
        if self._interval_ps is None:
            return
        due_ps = self._start_ps + index * self._interval_ps
        if not abs(time_ps - due_ps) <= SAME_TIME * due_ps + SAME_TIME_ps:
            raise InputError(
                f"{self.path}: frame {index} is at {time_ps:g} ps where {due_ps:g} ps is due "
                f"(every {self._interval_ps:g} ps); {self._remedy}"
            )


def open_all(
    topologies: Iterable[str | Path],
    trajectories: Iterable[str | Path],
    summaries: Iterable[str | Path],
) -> list[Trajectory]:
    """A `Trajectory` for every replica, in order, held to the summary of its MD."""
    return [Trajectory(*paths) for paths in zip(topologies, trajectories, summaries, strict=True)]


def open_run(folder: str | Path) -> Trajectory:
    """The `Trajectory` of a folder that `md.driver.run` has filled, held to its summary."""
    folder = Path(folder)
    return Trajectory(
        folder / "topology.pdb", folder / "trajectory.xtc", folder / "md_summary.json"
    )
