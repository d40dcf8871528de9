"""First solvation shells: radial distribution, membership, classes, LSI, clusters.

The shell of a nucleus holds every solvent and anion molecule with at least one ligand atom
within the cut-off. A cluster is the nucleus with these molecules, whole, in vacuum.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ase import Atoms
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.part import given
from ionshift.config.sampling import Sampling
from ionshift.config.shell import Shell
from ionshift.core.errors import InputError
from ionshift.solvation.classes import CLASSES, solvation_class
from ionshift.solvation.sampling import draw_pool
from ionshift.trajectories.cell import minimum_image, reach_A, volume_A3
from ionshift.trajectories.trajectory import open_all

if TYPE_CHECKING:
    from ionshift.trajectories.trajectory import Frame, Trajectory

POSITION_DECIMALS = 4


def local_structure_index(distances_A: NDArray[np.float64], cutoff_A: float) -> float:
    """Variance of the gaps between successive distances, in A^2.

    With the distances sorted, the gaps run from the first up to the first distance beyond
    `cutoff_A` (Shiratani and Sasai, J. Chem. Phys. 104, 7671 (1996), who define it for water).
    NaN if fewer than two gaps exist.
    """
    ordered = np.sort(np.asarray(distances_A, float))
    n_inside = int(np.searchsorted(ordered, cutoff_A, side="right"))
    gaps = np.diff(ordered[: n_inside + 1])
    return float(np.var(gaps)) if len(gaps) > 1 else float("nan")


@dataclass(frozen=True)
class Environment:
    """The shell of one nucleus in one frame; `molecules` are indices into the trajectory."""

    centre: int
    molecules: tuple
    anchors: tuple
    n_anion: int
    n_solvent: int
    coordination: int
    lsi_A2: float

    @property
    def solvation_class(self) -> str:
        return solvation_class(self.n_anion)


class ShellFinder:
    """Finds shells in the frames of one trajectory.

    Parameters
    ----------
    trajectory : Trajectory
    electrolyte : config.Electrolyte
    shell : config.Shell
    cutoff_A : float, the first-shell cut-off in force
    """

    def __init__(self, trajectory, electrolyte, shell, cutoff_A):
        self.trajectory = trajectory
        self.cutoff_A = cutoff_A
        self._settings = shell
        role = {name: species.role for name, species in electrolyte.species.items()}
        self._charge = {name: species.charge for name, species in electrolyte.species.items()}
        self._role = np.array([role.get(str(name), "") for name in trajectory.molecule_name])
        self.centres = centres(trajectory, electrolyte)
        self.ligands = ligands(trajectory, electrolyte, shell)
        self._ligand_molecule = trajectory.molecule_of[self.ligands]

    def shells(self, frame: Frame) -> list[Environment]:
        """Return the `Environment` of every nucleus of a frame, in the order of `centres`."""
        check_half_box("shell.cutoff_A", self.cutoff_A, frame, self.trajectory)
        return [
            self._shell(centre, row)
            for centre, row in zip(self.centres, self.distances_A(frame), strict=True)
        ]

    def distances_A(self, frame: Frame) -> NDArray[np.float64]:
        """Shortest distances of all ligand atoms from every nucleus, (n_centres, n_ligands)."""
        return np.linalg.norm(separations_A(frame, self.centres, self.ligands), axis=2)

    def _shell(self, centre, distances_A):
        inside = np.flatnonzero(distances_A <= self.cutoff_A)
        inside = inside[np.argsort(distances_A[inside], kind="stable")]
        nearest = {}
        for ligand in inside:
            nearest.setdefault(int(self._ligand_molecule[ligand]), int(self.ligands[ligand]))
        roles = [self._role[molecule] for molecule in nearest]
        return Environment(
            centre=int(centre),
            molecules=tuple(nearest),
            anchors=tuple(nearest.values()),
            n_anion=roles.count("anion"),
            n_solvent=roles.count("solvent"),
            coordination=len(inside),
            lsi_A2=local_structure_index(distances_A, self._settings.lsi_cutoff_A),
        )

    def cluster(self, frame: Frame, environment: Environment) -> Atoms:
        """Cut an environment: Atoms in vacuum, nucleus first at the origin, molecules whole.

        Positions are rounded to 1e-4 A, so that a cluster is the same before and after it
        was written. `info` holds the charge and the counts.
        """
        indices, positions_A = self.geometry(frame, environment)
        atoms = Atoms(self.trajectory.symbols[indices], positions=positions_A)
        atoms.info.update(
            charge=self._cluster_charge(environment),
            n_anion=environment.n_anion,
            n_solvent=environment.n_solvent,
            solvation_class=environment.solvation_class,
            coordination=environment.coordination,
            lsi_A2=environment.lsi_A2,
            cutoff_A=float(self.cutoff_A),
        )
        return atoms

    def geometry(
        self, frame: Frame, environment: Environment
    ) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
        """Atoms of an environment's cluster and where they are.

        Returns
        -------
        (indices (n,) into the trajectory, positions (n, 3) in A), the nucleus first at the origin
        """
        members = [self.trajectory.atoms_of[molecule] for molecule in environment.molecules]
        sizes = [len(atoms) for atoms in members]
        atoms = np.concatenate([[environment.centre], *members]).astype(int)
        anchors = np.concatenate(
            [[environment.centre], np.repeat(np.array(environment.anchors, int), sizes)]
        ).astype(int)
        anchor_A = frame.positions_A[anchors]
        to_anchor_A = minimum_image(anchor_A - frame.positions_A[environment.centre], frame.cell_A)
        inner_A = minimum_image(frame.positions_A[atoms] - anchor_A, frame.cell_A)
        return atoms, np.round(to_anchor_A + inner_A, POSITION_DECIMALS)

    def _cluster_charge(self, environment):
        names = self.trajectory.molecule_name
        members = [self.trajectory.molecule_of[environment.centre], *environment.molecules]
        return int(sum(self._charge[str(names[molecule])] for molecule in members))


def finders_of(files: Any, params: Any) -> list[ShellFinder]:
    """The finders of a rule's trajectories, one a replica, in order.

    Parameters
    ----------
    files : with topologies, trajectories, summaries (a path a replica) and shell (the file of
        `set_cutoff`)
    params : with electrolyte and shell, what the rule hands over of these blocks
    """
    electrolyte, shell = given(Electrolyte, params.electrolyte), given(Shell, params.shell)
    cutoff_A = read_cutoff_A(files.shell)
    return [
        ShellFinder(trajectory, electrolyte, shell, cutoff_A)
        for trajectory in open_all(files.topologies, files.trajectories, files.summaries)
    ]


def separations_A(
    frame: Frame, group_a: NDArray[np.integer], group_b: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Shortest vectors from atoms of a to atoms of b, (n_a, n_b, 3)."""
    positions_A = frame.positions_A
    return minimum_image(positions_A[group_b][None] - positions_A[group_a][:, None], frame.cell_A)


def check_half_box(key: str, cutoff_A: float, frame: Frame, trajectory: Trajectory) -> None:
    """Raise `InputError` if a cut-off is beyond half the shortest period of a frame's cell."""
    half_A = reach_A(frame.cell_A)
    if cutoff_A > half_A:
        raise InputError(
            f"{key} = {cutoff_A:g} is beyond half the box of {trajectory.path} ({half_A:.2f} A); "
            "lower it or use a larger system"
        )


def centres(trajectory: Trajectory, electrolyte: Electrolyte) -> NDArray[np.integer]:
    """Indices of the observed nuclei: atoms of that element in cations.

    Raises
    ------
    InputError
        if there is none.
    """
    found = atoms_of_role(trajectory, electrolyte, ("cation",), [electrolyte.nucleus])
    if len(found) == 0:
        names = ", ".join(sorted(set(trajectory.molecule_name.astype(str))))
        raise InputError(
            f"electrolyte.nucleus = '{electrolyte.nucleus}': no such atom in a cation of "
            f"{trajectory.path}, whose molecules are {names}; name an element of a cation (shells "
            "need a trajectory with the molecules of electrolyte.species)"
        )
    return found


def ligands(trajectory: Trajectory, electrolyte: Electrolyte, shell: Shell) -> NDArray[np.integer]:
    """Indices of the ligand atoms of solvents and anions."""
    found = atoms_of_role(trajectory, electrolyte, ("solvent", "anion"), shell.ligand_elements)
    if len(found) == 0:
        raise InputError(
            f"shell.ligand_elements = {shell.ligand_elements}: no such atom in a solvent or "
            f"anion of {trajectory.path}; name elements of the solvents or anions"
        )
    return found


def atoms_of_role(
    trajectory: Trajectory, electrolyte: Electrolyte, roles: Iterable[str], elements: Sequence[str]
) -> NDArray[np.integer]:
    """Indices of the atoms of some elements in molecules of some roles; may be empty."""
    names = [name for role in roles for name in electrolyte.names(role)]
    in_role = np.isin(trajectory.molecule_name[trajectory.molecule_of], names)
    return np.flatnonzero(in_role & np.isin(trajectory.symbols, elements))


def radial_distribution(
    trajectory: Trajectory,
    group_a: NDArray[np.integer],
    group_b: NDArray[np.integer],
    r_max_A: float,
    bin_A: float,
    stride: int = 1,
) -> pd.DataFrame:
    """g(r) of two sets of atoms over a trajectory, with the running coordination number.

    An atom in both sets is no partner of itself: g(r) of N like atoms is taken against the
    density of N - 1.

    Returns
    -------
    DataFrame with r_A (bin centres), g and n (atoms of b within the bin's outer edge of one a)

    Raises
    ------
    InputError
        if `r_max_A` is beyond half the box, where pairs would be left out.
    """
    edges = np.arange(0.0, r_max_A + bin_A / 2, bin_A)
    counts, inverse_volume, n_frames = np.zeros(len(edges) - 1), 0.0, 0
    for frame in trajectory.frames(stride):
        check_half_box("shell.rdf_max_A", r_max_A, frame, trajectory)
        distances = np.linalg.norm(separations_A(frame, group_a, group_b), axis=2)
        counts += np.histogram(distances[distances > 1e-6], bins=edges)[0]
        inverse_volume += 1 / volume_A3(frame.cell_A)
        n_frames += 1
    per_centre = counts / (n_frames * len(group_a))
    shells_A3 = 4 / 3 * np.pi * np.diff(edges**3)
    n_partners = len(group_b) - np.isin(group_a, group_b).mean()
    density = n_partners * inverse_volume / n_frames
    return pd.DataFrame(
        {
            "r_A": (edges[1:] + edges[:-1]) / 2,
            "g": per_centre / (shells_A3 * density),
            "n": np.cumsum(per_centre),
        }
    )


def first_minimum_A(rdf: pd.DataFrame, smoothing_bins: float = 1.0) -> float:
    """Position of the first minimum of g(r) behind its first peak, in A.

    g is smoothed by a Gaussian of `smoothing_bins`. A flat minimum (g near zero over a range)
    gives the middle of the range.

    Raises
    ------
    InputError
        if g(r) has no peak above 1 or no minimum behind it.
    """
    r, g = rdf["r_A"].to_numpy(), gaussian_filter1d(rdf["g"].to_numpy(), smoothing_bins)
    peak = _first_peak(g)
    turning = np.flatnonzero((g[peak + 1 : -1] <= g[peak:-2]) & (g[peak + 1 : -1] < g[peak + 2 :]))
    if len(turning) == 0:
        raise InputError(
            "the nucleus-ligand g(r) has no minimum behind its first peak; raise "
            "shell.rdf_max_A or set shell.cutoff_A"
        )
    minimum = peak + 1 + turning[0]
    floor = np.flatnonzero(g[peak:] <= g[minimum] + 1e-3) + peak
    run = floor[: 1 + np.argmax(np.append(np.diff(floor) > 1, True))]
    return float(r[run].mean())


def first_peak_A(rdf: pd.DataFrame, smoothing_bins: float = 1.0) -> float:
    """Position of the first peak of g(r) in A, g smoothed by a Gaussian of `smoothing_bins`.

    Raises
    ------
    InputError
        if g(r) has no peak above 1.
    """
    g = gaussian_filter1d(rdf["g"].to_numpy(), smoothing_bins)
    return float(rdf["r_A"].to_numpy()[_first_peak(g)])


def _first_peak(g):
    rising = np.flatnonzero((g[1:-1] > 1) & (g[1:-1] >= g[:-2]) & (g[1:-1] > g[2:])) + 1
    if len(rising) == 0:
        raise InputError(
            "the nucleus-ligand g(r) has no peak; run a longer MD or set shell.cutoff_A"
        )
    return rising[0]


def pool_clusters(
    finders: Sequence[ShellFinder], study: str, system: str, sampling: Sampling, seed: int
) -> list[Atoms]:
    """Cut the clusters of a random pool of environments, one finder a replica.

    Returns
    -------
    list of Atoms; `info` tells where each comes from
    """
    strides = [range(0, len(finder.trajectory), sampling.frame_stride) for finder in finders]
    pool = draw_pool(
        [len(frames) for frames in strides], len(finders[0].centres), sampling.pool_size, seed
    )
    members = [(replica, strides[replica][step], number) for replica, step, number in pool]
    return cut_clusters(finders, study, system, members)


def cut_clusters(
    finders: Sequence[ShellFinder], study: str, system: str, members: Iterable[tuple[int, int, int]]
) -> list[Atoms]:
    """Cut the clusters of environments, one finder a replica.

    Parameters
    ----------
    members : list of (replica, frame, number of the nucleus)

    Returns
    -------
    list of Atoms in the order of `members`; `info` tells where each comes from

    Raises
    ------
    InputError
        if there is no such environment.
    """
    clusters = []
    for (replica, index), group in groupby(members, key=lambda member: member[:2]):
        numbers = [number for _, _, number in group]
        _check_members(finders, system, replica, index, max(numbers))
        finder = finders[replica]
        frame = finder.trajectory.frame(index)
        shells = finder.shells(frame)
        for number in numbers:
            atoms = finder.cluster(frame, shells[number])
            atoms.info.update(
                cluster_id=f"{study}/{system}/r{replica}/f{frame.index}/n{number}",
                system=system,
                source=study,
                replica=replica,
                frame=frame.index,
                time_ps=frame.time_ps,
                nucleus=number,
            )
            clusters.append(atoms)
    return clusters


def _check_members(finders, system, replica, frame, number):
    if replica < len(finders):
        finder = finders[replica]
        if frame < len(finder.trajectory) and number < len(finder.centres):
            return
    raise InputError(
        f"{system}: there is no environment of replica {replica}, frame {frame}, nucleus {number}; "
        "the file in sampling.chosen belongs to another run"
    )


def count_classes(classes: Iterable[str]) -> str:
    """Text such as 'SSIP 3, CIP 10, AGG 7, AGG+ 0'."""
    return ", ".join(f"{name} {list(classes).count(name)}" for name in CLASSES)


def read_cutoff_A(path: str | Path) -> float:
    """The cut-off in force, from the file that `set_cutoff` leaves."""
    return float(json.loads(Path(path).read_text())["cutoff_A"])
