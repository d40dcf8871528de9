"""Rates of hops, with errors."""

from collections.abc import Sequence

import numpy as np

from ionshift.statistics.uncertainty import larger
from ionshift.transport.hops import Hops

PS_PER_NS = 1e3
# Mean of a Poisson distribution that gives no event with a probability of 5 %.
NONE_SEEN = -np.log(0.05)


def rate_row(all_hops: Sequence[Hops]) -> dict[str, float]:
    """Mean rate at which an ion leaves its place, over the ions of all replicas.

    `rate_err_per_ns` is the larger of `poisson_err_per_ns`, the root of the number of hops, and
    `nucleus_err_per_ns`, from the scatter of the ions, which sees places that hold longer than
    others. `rate_upper_per_ns` is known where no hop was seen: the rate that would have shown one
    with a probability of 95 %. `return_share`: hops straight back to the site before.

    Parameters
    ----------
    all_hops : one a replica, found in the same way
    """
    counts = np.concatenate([hops.counts() for hops in all_hops])
    times_ns = np.concatenate(
        [np.full(one.n_nuclei, one.watched_ps / PS_PER_NS / one.n_nuclei) for one in all_hops]
    )
    n_hops, total_ns = int(counts.sum()), float(times_ns.sum())
    rate = n_hops / total_ns
    poisson = np.sqrt(n_hops) / total_ns if n_hops else np.nan
    scatter = _scatter(counts, times_ns) if n_hops else np.nan
    return {
        "n_nuclei": len(counts),
        "watched_ns": total_ns,
        "n_hops": n_hops,
        "rate_per_ns": rate,
        "rate_err_per_ns": float(larger([poisson, scatter])),
        "poisson_err_per_ns": poisson,
        "nucleus_err_per_ns": scatter,
        "rate_upper_per_ns": np.nan if n_hops else NONE_SEEN / total_ns,
        "residence_ps": PS_PER_NS / rate if n_hops else np.nan,
        "return_share": sum(one.n_returns() for one in all_hops) / n_hops if n_hops else np.nan,
    }


def _scatter(counts, times_ns):
    """Error of a ratio of sums over ions; NaN for one ion."""
    n = len(counts)
    if n < 2:
        return float("nan")
    deviations = counts - counts.sum() / times_ns.sum() * times_ns
    return float(np.sqrt(n / (n - 1) * np.sum(deviations**2)) / times_ns.sum())
