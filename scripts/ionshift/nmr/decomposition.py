"""Why the mean shift changes: other shares of the classes, or other shifts within them.

With the share p_c and the mean shift m_c of class c, the change from system X to Y is

    M_Y - M_X = sum_c (p_cY - p_cX) [(m_cX + m_cY) / 2 - (M_X + M_Y) / 2]
              + sum_c (p_cX + p_cY) / 2 (m_cY - m_cX)

the symmetric decomposition of Kitagawa, J. Am. Stat. Assoc. 50, 1168 (1955). The constant
(M_X + M_Y) / 2 drops out of the first sum, since shares add up to one; it makes the share term
of each class independent of the reference shielding. A class absent from one system takes the
mean shift of the other: its term within is zero, its whole effect is in the share term.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.core.provenance import derive_seed
from ionshift.core.tables import TOTAL
from ionshift.learning.members import class_sums, spread
from ionshift.solvation.classes import CLASSES
from ionshift.statistics import uncertainty
from ionshift.statistics.uncertainty import Samples

COLUMNS = (
    "against",
    "from_system",
    "to_system",
    "solvation_class",
    "share_change",
    "share_term_ppm",
    "share_term_sampling_err_ppm",
    "share_term_model_err_ppm",
    "within_term_ppm",
    "within_term_sampling_err_ppm",
    "within_term_model_err_ppm",
    "change_ppm",
    "change_sampling_err_ppm",
    "change_model_err_ppm",
)
COLUMN_OF = {"share": "share_term", "within": "within_term", "change": "change"}


def terms(
    n_x: NDArray[np.number],
    sum_x: NDArray[np.float64],
    n_y: NDArray[np.number],
    sum_y: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share and within terms of every class, in ppm.

    Parameters
    ----------
    n_x, n_y : (..., n_classes) environments of each class in either system
    sum_x, sum_y : (..., n_classes) sums of their shifts

    Returns
    -------
    (share terms, within terms), each (..., n_classes); both together sum to the change of the
    mean. A class absent from both has zero in both.
    """
    share_x, share_y = (n / n.sum(axis=-1, keepdims=True) for n in (n_x, n_y))
    mean_x, mean_y = _mean(sum_x, n_x), _mean(sum_y, n_y)
    mean_x, mean_y = np.where(n_x > 0, mean_x, mean_y), np.where(n_y > 0, mean_y, mean_x)
    total_x, total_y = (
        s.sum(axis=-1, keepdims=True) / n.sum(axis=-1, keepdims=True)
        for s, n in ((sum_x, n_x), (sum_y, n_y))
    )
    share = (share_y - share_x) * ((mean_x + mean_y) / 2 - (total_x + total_y) / 2)
    within = (share_x + share_y) / 2 * (mean_y - mean_x)
    absent = (n_x == 0) & (n_y == 0)
    return np.where(absent, 0.0, share), np.where(absent, 0.0, within)


def _mean(total, n):
    return np.divide(total, n, out=np.full(np.shape(total), np.nan), where=n > 0)


def decomposition_table(
    predictions: Mapping[str, pd.DataFrame],
    members: Mapping[str, pd.DataFrame],
    n_blocks: int,
    n_resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Decomposition of the change of the mean shift, against the first and the previous system.

    Sampling errors come from `n_resamples` draws of whole samples, each system on its own
    (`uncertainty`); NaN with fewer than two frames a block. Model errors are the standard
    deviation of the decompositions of the committee's members. Both are NaN for a term that is
    zero by definition because its class is absent.

    Parameters
    ----------
    predictions : dict of DataFrame by system, with shift_ppm, class, replica, nucleus, time_ps
    members : dict of `members.member_table` of the same systems

    Returns
    -------
    DataFrame with COLUMNS, a row a class and one for all classes together; no row with one system
    """
    sums = {
        system: _Sums.of(
            table, class_sums(members[system]), n_blocks, n_resamples, derive_seed(seed, system)
        )
        for system, table in predictions.items()
    }
    systems = list(predictions)
    pairs = [("first", systems[0], other) for other in systems[1:]]
    pairs += [("previous", *pair) for pair in pairwise(systems)]
    rows = [row for pair in pairs for row in _rows(*pair, sums[pair[1]], sums[pair[2]])]
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class _Sums:
    """Environments n and sums of shifts of every class in one system.

    Attributes
    ----------
    n, total : (n_classes,)
    member_totals : (n_members, n_classes)
    drawn : for each way to cut samples, (n, total) of the resamples (n_resamples, n_classes) and
        the number of samples
    """

    n: np.ndarray
    total: np.ndarray
    member_totals: np.ndarray
    drawn: list

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        member_totals: NDArray[np.float64],
        n_blocks: int,
        n_resamples: int,
        seed: int,
    ) -> Self:
        number = (
            table["solvation_class"].map({name: i for i, name in enumerate(CLASSES)}).to_numpy()
        )
        shift = table["shift_ppm"].to_numpy()
        drawn = []
        for sample in Samples.of(table, n_blocks).kinds():
            parts = _by_sample(sample, number, shift)
            count = len(parts[0])
            rng = np.random.default_rng(seed)
            times = uncertainty.drawn_counts(count, n_resamples, rng)
            drawn.append((*(times @ part for part in parts), count))
        whole = _by_sample(np.zeros(len(table), int), number, shift)
        n, total = (part[0] for part in whole)
        return cls(n, total, member_totals, drawn)


def _by_sample(sample, number, shift):
    """Environments and sums of shifts, each (n_samples, n_classes)."""
    n_samples, n_classes = int(sample.max()) + 1, len(CLASSES)
    return [
        np.bincount(sample * n_classes + number, weights, n_samples * n_classes).reshape(
            n_samples, n_classes
        )
        for weights in (None, shift)
    ]


def _rows(against, first, second, x, y):
    value = _with_total(terms(x.n, x.total, y.n, y.total))
    sampling, model = _sampling_errors(x, y), _model_errors(x, y)
    known = {
        "share": np.append((x.n > 0) | (y.n > 0), True),
        "within": np.append((x.n > 0) & (y.n > 0), True),
    }
    known["change"] = known["share"]
    share_change = np.append(y.n / y.n.sum() - x.n / x.n.sum(), 0.0)
    for i, name in enumerate([*CLASSES, TOTAL]):
        row = {
            "against": against,
            "from_system": first,
            "to_system": second,
            "solvation_class": name,
        }
        row["share_change"] = share_change[i]
        for term, column in COLUMN_OF.items():
            row[f"{column}_ppm"] = value[term][i]
            for kind, errors in (("sampling", sampling), ("model", model)):
                row[f"{column}_{kind}_err_ppm"] = errors[term][i] if known[term][i] else np.nan
        yield row


def _sampling_errors(x, y):
    """Errors of every term (n_classes + 1,), NaN where they are unknown."""
    errors = {term: [np.full(len(CLASSES) + 1, np.nan)] for term in COLUMN_OF}
    for (n_x, total_x, count_x), (n_y, total_y, count_y) in zip(x.drawn, y.drawn, strict=False):
        resampled = _with_total(terms(n_x, total_x, n_y, total_y))
        for term, estimates in resampled.items():
            count = min(count_x, count_y)
            errors[term].append(uncertainty.resampling_error(estimates, count))
    return {term: uncertainty.larger(found) for term, found in errors.items()}


def _model_errors(x, y):
    """Standard deviation of every term (n_classes + 1,) over the members."""
    parts = _with_total(terms(x.n, x.member_totals, y.n, y.member_totals))
    return {term: spread(values) for term, values in parts.items()}


def _with_total(parts):
    """Terms with their sum over the classes appended, and both together as the change."""
    share, within = (np.append(part, part.sum(-1, keepdims=True), axis=-1) for part in parts)
    return {"share": share, "within": within, "change": share + within}
