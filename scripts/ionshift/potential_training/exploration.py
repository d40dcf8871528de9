"""Where a potential is unsure: MD with it, and the frames on which its committee disagrees.

The measure and its window follow Zhang et al., Comput. Phys. Commun. 253, 107206 (2020): the
largest deviation of the members' forces on one atom. Below the window a frame teaches nothing,
above it the run has left what a reference can describe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ase import units
from ase.io.trajectory import Trajectory as TrajectoryFile
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution, Stationary
from numpy.typing import NDArray

from ionshift.config.potential_training import PotentialExploration
from ionshift.core.provenance import derive_seed

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import BaseCalculator

    from ionshift.potential_training.evaluation import Predictions

FRICTION_PER_PS = 10.0
HOTTEST = 10.0
"""A run that is hotter than this many times its thermostat has blown up."""
ACCURATE, CANDIDATE, FAILED = "accurate", "candidate", "failed"


def explore(
    calculator: BaseCalculator,
    start: Atoms,
    settings: PotentialExploration,
    seed: int,
    path: str | Path,
    log: Callable[[str], None] = print,
) -> list[Atoms]:
    """Langevin MD at constant volume; a run that was killed goes on from its last frame.

    Parameters
    ----------
    calculator : ASE calculator, of the member that drives the run
    start : Atoms with whole molecules
    settings : config.PotentialExploration
    path : ASE trajectory of the run, one frame every `settings.frame_interval_ps`

    Returns
    -------
    list of Atoms, the first one `start`; shorter where the run blew up
    """
    steps_a_frame = round(1000 * settings.frame_interval_ps / settings.timestep_fs)
    n_frames = 1 + round(settings.production_ps / settings.frame_interval_ps)
    frames = _frames_of(path)
    if not frames:
        frames = [_thermal(start, settings.temperature_K, seed)]
        _append(path, frames[0])
    elif len(frames) < n_frames:
        log(f"going on after {len(frames) - 1} of {n_frames - 1} frames")
    while len(frames) < n_frames:
        atoms = frames[-1].copy()
        atoms.calc = calculator
        rng = np.random.RandomState(derive_seed(seed, "frame", len(frames)))
        _mover(atoms, settings, rng).run(steps_a_frame)
        if not _is_sane(atoms, settings.temperature_K):
            time_ps = len(frames) * settings.frame_interval_ps
            log(f"blew up before {time_ps:.3f} ps ({atoms.get_temperature():.0f} K); frames kept")
            break
        atoms.calc = None
        frames.append(atoms)
        _append(path, atoms)
    return frames


def _frames_of(path):
    if not path.is_file() or path.stat().st_size == 0:
        return []
    with TrajectoryFile(path) as trajectory:
        return list(trajectory)


def _append(path, atoms):
    path.parent.mkdir(parents=True, exist_ok=True)
    with TrajectoryFile(path, "a") as trajectory:
        trajectory.write(atoms)


def _thermal(start, temperature_K, seed):
    atoms = start.copy()
    MaxwellBoltzmannDistribution(
        atoms, temperature_K=temperature_K, rng=np.random.RandomState(seed % 2**32)
    )
    Stationary(atoms)
    return atoms


def _mover(atoms, settings, rng):
    return Langevin(
        atoms,
        settings.timestep_fs * units.fs,
        temperature_K=settings.temperature_K,
        friction=FRICTION_PER_PS / (1000 * units.fs),
        rng=rng,
    )


def _is_sane(atoms, temperature_K):
    finite = np.isfinite(atoms.positions).all() and np.isfinite(atoms.get_potential_energy())
    return finite and atoms.get_temperature() < HOTTEST * temperature_K


def deviations(predictions: Sequence[Predictions]) -> NDArray[np.float64]:
    """Largest deviation of the committee's forces on one atom of each frame.

    Parameters
    ----------
    predictions : list of `evaluation.Predictions`, one a member, two at least

    Returns
    -------
    (n_frames,) array in eV/A: max over atoms of sqrt(<|F - <F>|^2>), averages over members
    """
    by_frame = zip(*(one.forces_eV_A for one in predictions), strict=True)
    return np.array([_deviation(np.array(forces)) for forces in by_frame])


def _deviation(forces):
    squared = ((forces - forces.mean(axis=0)) ** 2).sum(axis=2)
    return float(np.sqrt(squared.mean(axis=0)).max())


def table(
    deviation_eV_A: NDArray[np.float64], settings: PotentialExploration, box: str, round_number: int
) -> pd.DataFrame:
    """What the run of one box met.

    Returns
    -------
    DataFrame: round, box, frame, time_ps, deviation_eV_A
    """
    frame = np.arange(len(deviation_eV_A))
    return pd.DataFrame(
        {
            "round": round_number,
            "box": box,
            "frame": frame,
            "time_ps": frame * settings.frame_interval_ps,
            "deviation_eV_A": deviation_eV_A,
        }
    )


def kinds(deviation_eV_A: NDArray[np.float64], settings: PotentialExploration) -> NDArray[np.str_]:
    """Below the window (accurate), inside it (candidate) or above it (failed), as an array."""
    low, high = settings.deviation_low_eV_A, settings.deviation_high_eV_A
    return np.select([deviation_eV_A < low, deviation_eV_A < high], [ACCURATE, CANDIDATE], FAILED)


def candidates(
    visited: Sequence[Atoms], met: pd.DataFrame, settings: PotentialExploration
) -> list[Atoms]:
    """Frames to label: those inside the window, evenly over them, at most `settings.n_frames`.

    Parameters
    ----------
    visited : frames of the run
    met : what `table` returned for them

    Returns
    -------
    list of Atoms with the info that labelled frames carry; blocks of a fifth of the run are the
    groups of the split
    """
    inside = met[kinds(met["deviation_eV_A"], settings) == CANDIDATE]
    places = np.linspace(0, len(inside) - 1, min(settings.n_frames, len(inside)))
    block_ps = settings.production_ps / 5
    chosen = []
    for _, row in inside.iloc[places.round().astype(int)].iterrows():
        atoms = visited[row["frame"]].copy()
        atoms.set_momenta(np.zeros_like(atoms.positions))
        name = f"{row['box']}/e{row['round']}"
        atoms.info = {
            "frame_id": f"{name}/f{row['frame']}",
            "system": row["box"],
            "origin": "explored",
            "round": int(row["round"]),
            "replica": 0,
            "frame": int(row["frame"]),
            "time_ps": float(row["time_ps"]),
            "group": f"{name}/b{int(row['time_ps'] // block_ps)}",
        }
        chosen.append(atoms)
    return chosen


def summary(met: pd.DataFrame, settings: PotentialExploration) -> pd.DataFrame:
    """Shares of what the runs of every round met, and whether the stop criterion is reached.

    Parameters
    ----------
    met : tables of `table`, joined

    Returns
    -------
    DataFrame: round, box, n_frames, time_ps, accurate_share, candidate_share, failed_share,
    median_deviation_eV_A, largest_deviation_eV_A, ended (whole run or blew up), converged
    """
    rows = []
    met = met.assign(kind=kinds(met["deviation_eV_A"], settings))
    for (number, box), part in met.groupby(["round", "box"]):
        shares = part["kind"].value_counts(normalize=True)
        whole = part["time_ps"].max() > settings.production_ps - settings.frame_interval_ps / 2
        accurate = shares.get(ACCURATE, 0.0)
        rows.append(
            {
                "round": number,
                "box": box,
                "n_frames": len(part),
                "time_ps": part["time_ps"].max(),
                "accurate_share": accurate,
                "candidate_share": shares.get(CANDIDATE, 0.0),
                "failed_share": shares.get(FAILED, 0.0),
                "median_deviation_eV_A": part["deviation_eV_A"].median(),
                "largest_deviation_eV_A": part["deviation_eV_A"].max(),
                "ended": "whole run" if whole else "blew up",
                "converged": bool(whole and accurate >= settings.converged_share),
            }
        )
    return pd.DataFrame(rows)
