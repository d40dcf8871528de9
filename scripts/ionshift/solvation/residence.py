"""How long anions and solvents stay in the first shell of a nucleus.

A contact is a nucleus and a molecule of its shell. All estimates skip what the run does not
show: a stay that is cut by its end counts as long as it is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import trapezoid
from scipy.optimize import curve_fit

from ionshift.config.electrolyte import Electrolyte
from ionshift.statistics import correlation

if TYPE_CHECKING:
    from ionshift.solvation.shells import ShellFinder

DECAYED = np.exp(-1)
ROUNDING = 1e-9


def contacts(
    finder: ShellFinder, stride: int = 1
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.bool_]], dict[str, NDArray[np.integer]]]:
    """Contacts of one replica by species.

    Parameters
    ----------
    finder : solvation.ShellFinder

    Returns
    -------
    (time_ps, present, nucleus): dicts by species of (n_contacts, n_frames) bool and of the
    nucleus (n_contacts,) each contact belongs to, for contacts that are ever made
    """
    time_ps, found = [], []
    for number, frame in enumerate(finder.trajectory.frames(stride)):
        time_ps.append(frame.time_ps)
        for own_number, shell in enumerate(finder.shells(frame)):
            found += [(own_number, molecule, number) for molecule in shell.molecules]
    seen = np.array(found, int).reshape(-1, 3)
    species = finder.trajectory.molecule_name[seen[:, 1]].astype(str)
    present: dict[str, NDArray[np.bool_]] = {}
    nucleus: dict[str, NDArray[np.integer]] = {}
    for name in np.unique(finder.trajectory.molecule_name).astype(str):
        own = seen[species == name]
        pairs, row = np.unique(own[:, :2], axis=0, return_inverse=True)
        present[name] = np.zeros((len(pairs), len(time_ps)), bool)
        present[name][row.ravel(), own[:, 2]] = True
        nucleus[name] = pairs[:, 0]
    return np.array(time_ps), present, nucleus


def stays(
    present: NDArray[np.bool_], max_gap: int = 0
) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.integer]]:
    """Uninterrupted stays; absences of at most `max_gap` frames do not interrupt.

    The tolerance is t* of Impey, Madden, McDonald, J. Phys. Chem. 87, 5071 (1983). Here a
    tolerated absence counts as presence.

    Parameters
    ----------
    present : (n_contacts, n_frames) bool

    Returns
    -------
    (contact, start, stop): arrays of the contact, the first frame and the frame after the last
    """
    edges = np.diff(np.pad(present, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    contact, start = np.nonzero(edges == 1)
    stop = np.nonzero(edges == -1)[1]
    new = np.ones(len(start), bool)
    new[1:] = (np.diff(contact) > 0) | (start[1:] - stop[:-1] > max_gap)
    last = np.append(new[1:], True) if len(new) else new
    return contact[new], start[new], stop[last]


def continuous_sums(
    start: NDArray[np.integer], stop: NDArray[np.integer], n_frames: int, n_lags: int
) -> tuple[NDArray[np.number], NDArray[np.number]]:
    """Sums behind the survival probability S(lag) of stays.

    Returns
    -------
    (survived, origins), (n_lags,) each: time origins whose stay still lasts after the lag, and
    all origins from which the lag ends within the run; S is their ratio
    """
    longer = np.cumsum(np.bincount(stop - start, minlength=n_frames + 1)[::-1])[::-1]
    survived = np.cumsum(longer[1:][::-1])[::-1]
    present = np.cumsum(
        np.bincount(start, minlength=n_frames + 1) - np.bincount(stop, minlength=n_frames + 1)
    )[:n_frames]
    return survived[:n_lags], _origins(present, n_lags)


def intermittent_sums(
    present: NDArray[np.bool_], n_lags: int
) -> tuple[NDArray[np.number], NDArray[np.number]]:
    """The same sums for <h(0) h(lag)> / <h>, which lets a ligand leave and come back."""
    products = correlation.lagged_products(present.T, n_lags).sum(axis=1)
    return products, _origins(present.sum(axis=0), n_lags)


def _origins(present, n_lags):
    return np.cumsum(present)[len(present) - 1 - np.arange(n_lags)]


def decay_time(
    lags_ps: NDArray[np.float64], curve: NDArray[np.float64], floor: float = 0.0
) -> tuple[float, float]:
    """Time constant tau of floor + (1 - floor) exp(-t / tau), fitted to a curve from 1 down.

    Returns
    -------
    (tau, lower bound): tau is NaN unless the decaying part falls below 1/e within the lags;
    the bound is the integral of that part over the lags
    """
    if len(lags_ps) < 2 or np.isnan(curve).any() or floor >= 1:
        return float("nan"), float("nan")
    decaying = (curve - floor) / (1 - floor)
    bound = float(trapezoid(decaying, lags_ps))
    below = np.flatnonzero(decaying < DECAYED)
    if len(below) == 0:
        return float("nan"), bound
    guess = max(lags_ps[below[0]], lags_ps[1])
    (tau,), _ = curve_fit(
        lambda t, tau: np.exp(-t / tau), lags_ps, decaying, p0=[guess], bounds=(0, np.inf)
    )
    return float(tau), bound


def lifetime(n_exits: ArrayLike, n_survived: ArrayLike, step_ps: float) -> NDArray[np.float64]:
    """Mean lifetime of stays that end at random, from exits seen at discrete frames.

    The maximum-likelihood estimate -step / ln(1 - p) with p = exits / (exits + intervals
    survived): stays cut by the end of the run count with what was seen, so that a run shorter
    than the lifetime still gives it. It takes one rate for all. NaN without an exit or without
    an interval survived.
    """
    n_exits, n_survived = np.asarray(n_exits, float), np.asarray(n_survived, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = -step_ps / np.log1p(-n_exits / (n_exits + n_survived))
    return np.where((n_exits > 0) & (n_survived > 0), estimate, np.nan)


@dataclass(frozen=True)
class Counts:
    """What is summed for every nucleus of every replica: (n_nuclei, ...) arrays.

    `continuous` and `intermittent` are (n_nuclei, 2, n_lags) with survivors and origins; `stays`
    is (n_nuclei, 4) with exits, intervals survived, frames in contact and frames in all.
    """

    continuous: np.ndarray
    intermittent: np.ndarray
    stays: np.ndarray

    def total(self) -> Counts:
        """The sums over all nuclei."""
        return Counts(*(field.sum(axis=0) for field in self._fields()))

    def leave_one_out(self) -> list[Counts]:
        """List of the sums over all nuclei but one."""
        fields = [correlation.leave_one_out(field) for field in self._fields()]
        return [Counts(*one) for one in zip(*fields, strict=True)]

    def _fields(self):
        return self.continuous, self.intermittent, self.stays


def count(
    present: NDArray[np.bool_],
    nucleus: NDArray[np.integer],
    n_nuclei: int,
    n_lags: int,
    max_gap: int,
) -> Counts:
    """`Counts` of one species in one replica, from what `contacts` gives."""
    n_frames = present.shape[1]
    contact, start, stop = stays(present, max_gap)
    continuous, intermittent, summary = [], [], []
    for number in range(n_nuclei):
        rows = present[nucleus == number]
        own = nucleus[contact] == number
        first, end = start[own], stop[own]
        continuous.append(continuous_sums(first, end, n_frames, n_lags))
        intermittent.append(intermittent_sums(rows, n_lags))
        exits = np.sum(n_frames - end > max_gap)
        summary.append((exits, np.sum(end - first - 1), rows.sum(), n_frames))
    return Counts(np.array(continuous), np.array(intermittent), np.array(summary))


def join(counts: Sequence[Counts]) -> Counts:
    """`Counts` of all nuclei of a list of replicas."""
    return Counts(
        *(
            np.concatenate([getattr(one, name) for one in counts])
            for name in ("continuous", "intermittent", "stays")
        )
    )


def measure(
    finders: Sequence[ShellFinder],
    electrolyte: Electrolyte,
    frame_stride: int,
    max_lag_share: float,
    excursion_ps: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Residence of every anion and solvent in the shells of one system.

    Parameters
    ----------
    finders : list of solvation.ShellFinder, one a replica
    electrolyte : config.Electrolyte
    frame_stride, max_lag_share, excursion_ps : as in config.Dynamics

    Returns
    -------
    (curves, times) DataFrames. `curves`: species, role, time_ps, continuous, intermittent with
    their errors. `times`: a row a species with mean_number in a shell, n_exits and contact time
    seen, lifetime_ps (see `lifetime`), and for both functions the time constant (NaN if they do
    not fall below 1/e within the lags), its lower bound and the value at the longest lag.
    Errors are jackknife errors over nuclei of all replicas; where nothing left, they are
    unknown (NaN).
    """
    traced = [contacts(finder, frame_stride) for finder in finders]
    step_ps = correlation.common_step([correlation.time_step(one[0]) for one in traced])
    n_frames = [len(one[0]) for one in traced]
    n_lags = correlation.count_lags(n_frames, max_lag_share)
    lags_ps = step_ps * np.arange(n_lags) if n_lags > 1 else np.zeros(1)
    max_gap = int(excursion_ps / step_ps + 1e-6) if n_lags > 1 else 0
    curves, times = [], []
    for role in ("anion", "solvent"):
        for species in electrolyte.names(role):
            n_molecules = sum(finders[0].trajectory.molecule_name == species)
            if n_molecules == 0:
                continue
            counts = join(
                [
                    count(present[species], nucleus[species], len(f.centres), n_lags, max_gap)
                    for f, (_, present, nucleus) in zip(finders, traced, strict=True)
                ]
            )
            labels = {"species": species, "role": role}
            curves.append(_curves(labels, counts, lags_ps))
            times.append(
                labels
                | {"excursion_ps": excursion_ps, "longest_lag_ps": lags_ps[-1]}
                | _times(counts, lags_ps, step_ps, n_molecules)
            )
    return pd.concat(curves, ignore_index=True), pd.DataFrame(times)


def _ratio(sums):
    survived, origins = np.asarray(sums, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(origins > 0, survived / origins, np.nan)


def _curves(labels, counts, lags_ps):
    lags = correlation.table_lags(len(lags_ps))
    total, others = counts.total(), counts.leave_one_out()
    table = {"time_ps": lags_ps[lags]}
    for name in ("continuous", "intermittent"):
        curve = _ratio(getattr(total, name))
        error = correlation.jackknife_error([_ratio(getattr(other, name)) for other in others])
        table[name] = curve[lags]
        table[f"{name}_err"] = np.where(curve < 1 - ROUNDING, error, np.nan)[lags]
    return pd.DataFrame(labels | table)


def _times(counts, lags_ps, step_ps, n_molecules):
    total, others = counts.total(), counts.leave_one_out()
    known = _estimates(total, lags_ps, step_ps, n_molecules)
    spread = [_estimates(other, lags_ps, step_ps, n_molecules) for other in others]
    row = {"n_exits": int(total.stays[0]), "contact_ps": total.stays[2] * step_ps}
    for name, value in known.items():
        row[name] = value
        if not name.endswith("_lower_ps"):
            error = correlation.jackknife_error([other[name] for other in spread])
            stem, is_time, _ = name.partition("_ps")
            row[f"{stem}_err{is_time}"] = float(error) if error > ROUNDING else np.nan
    return row


def _estimates(total, lags_ps, step_ps, n_molecules):
    n_exits, n_survived, in_contact, n_frames = total.stays
    mean_number = in_contact / n_frames
    continuous, intermittent = _ratio(total.continuous), _ratio(total.intermittent)
    time_ps, lower_ps = decay_time(lags_ps, continuous)
    back_ps, back_lower_ps = decay_time(lags_ps, intermittent, mean_number / n_molecules)
    return {
        "mean_number": float(mean_number),
        "lifetime_ps": float(lifetime(n_exits, n_survived, step_ps)),
        "continuous_time_ps": time_ps,
        "continuous_time_lower_ps": lower_ps,
        "continuous_end": float(continuous[-1]),
        "intermittent_time_ps": back_ps,
        "intermittent_time_lower_ps": back_lower_ps,
        "intermittent_end": float(intermittent[-1]),
    }
