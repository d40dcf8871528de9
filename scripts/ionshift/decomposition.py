"""Why the mean shift changes: other shares of the classes, or other shifts within them.

With the share p_c and the mean shift m_c of class c, the change from system X to Y is

    M_Y - M_X = sum_c (p_cY - p_cX) [(m_cX + m_cY) / 2 - (M_X + M_Y) / 2]
              + sum_c (p_cX + p_cY) / 2 (m_cY - m_cX)

the symmetric decomposition of Kitagawa, J. Am. Stat. Assoc. 50, 1168 (1955). The constant
(M_X + M_Y) / 2 drops out of the first sum, since shares add up to one; it makes the share term
of each class independent of the reference shielding. A class absent from one system takes the
mean shift of the other: its term within is zero, its whole effect is in the share term.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from ionshift import bootstrap
from ionshift.provenance import derive_seed
from ionshift.speciation import CLASSES

COLUMNS = (
    "against",
    "from_system",
    "to_system",
    "class",
    "share_change",
    "share_term_ppm",
    "share_term_err_ppm",
    "within_term_ppm",
    "within_term_err_ppm",
    "change_ppm",
    "change_err_ppm",
)
TOTAL = "all"


def terms(n_x, sum_x, n_y, sum_y):
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


def decomposition_table(predictions, n_blocks, n_resamples, seed):
    """Decomposition of the change of the mean shift, against the first and the previous system.

    Errors are the standard deviation over `n_resamples` draws of whole blocks of time, each
    system on its own; NaN with fewer than two frames a block, and for a term that is zero by
    definition because its class is absent.

    Parameters
    ----------
    predictions : dict of DataFrame by system, with shift_ppm, class, replica, time_ps

    Returns
    -------
    DataFrame with COLUMNS, a row a class and one for all classes together; no row with one system
    """
    sums = {
        system: _class_sums(table, n_blocks, n_resamples, derive_seed(seed, system))
        for system, table in predictions.items()
    }
    systems = list(predictions)
    pairs = [("first", systems[0], other) for other in systems[1:]]
    pairs += [("previous", *pair) for pair in pairwise(systems)]
    rows = [row for pair in pairs for row in _rows(*pair, sums[pair[1]], sums[pair[2]])]
    return pd.DataFrame(rows, columns=COLUMNS)


def _class_sums(table, n_blocks, n_resamples, seed):
    """(counts, sums of shifts) by class: of the data (n_classes,), of the resamples, blocks."""
    number = table["class"].map({name: i for i, name in enumerate(CLASSES)}).to_numpy()
    shift = table["shift_ppm"].to_numpy()
    block = bootstrap.block_of(table["replica"], table["time_ps"], n_blocks)
    if block is None:
        whole = _by_block(np.zeros(len(table), int), number, shift, 1)
        return [part[0] for part in whole], None, 0
    count = int(block.max()) + 1
    parts = _by_block(block, number, shift, count)
    drawn = bootstrap.drawn_counts(count, n_resamples, np.random.default_rng(seed))
    return [part.sum(axis=0) for part in parts], [drawn @ part for part in parts], count


def _by_block(block, number, shift, n_blocks):
    flat = block * len(CLASSES) + number
    size = n_blocks * len(CLASSES)
    return [
        np.bincount(flat, weights, minlength=size).reshape(n_blocks, len(CLASSES))
        for weights in (None, shift)
    ]


def _rows(against, first, second, x, y):
    (n_x, sum_x), drawn_x, blocks_x = x
    (n_y, sum_y), drawn_y, blocks_y = y
    value = _with_total(terms(n_x, sum_x, n_y, sum_y))
    unknown = np.full(len(CLASSES) + 1, np.nan)
    errors = {"share": unknown, "within": unknown, "change": unknown}
    if drawn_x is not None and drawn_y is not None:
        resampled = _with_total(terms(*drawn_x, *drawn_y))
        blocks = min(blocks_x, blocks_y)
        errors = {name: bootstrap.error(part, blocks) for name, part in resampled.items()}
    in_both = np.append((n_x > 0) & (n_y > 0), True)
    in_any = np.append((n_x > 0) | (n_y > 0), True)
    share_change = np.append(n_y / n_y.sum() - n_x / n_x.sum(), 0.0)
    for i, name in enumerate([*CLASSES, TOTAL]):
        yield {
            "against": against,
            "from_system": first,
            "to_system": second,
            "class": name,
            "share_change": share_change[i],
            "share_term_ppm": value["share"][i],
            "share_term_err_ppm": errors["share"][i] if in_any[i] else np.nan,
            "within_term_ppm": value["within"][i],
            "within_term_err_ppm": errors["within"][i] if in_both[i] else np.nan,
            "change_ppm": value["change"][i],
            "change_err_ppm": errors["change"][i] if in_any[i] else np.nan,
        }


def _with_total(parts):
    """Terms with their sum over the classes appended, and both together as the change."""
    share, within = (np.append(part, part.sum(-1, keepdims=True), axis=-1) for part in parts)
    return {"share": share, "within": within, "change": share + within}
