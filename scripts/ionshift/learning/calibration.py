"""From the members' spread to intervals that hold a known share of labels.

Conformal prediction with a scaled score (Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018)) on
out-of-fold residuals, as in cross-conformal prediction (Vovk, Ann. Math. Artif. Intell. 74, 9
(2015)): every label is predicted by the member that was trained without its group.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

LEVELS = (0.68, 0.90)


@dataclass
class Calibration:
    """Scale of an environment and the multiples of it that hold 68 % and 90 % of the labels.

    The scale is sqrt(spread^2 + noise^2): the members' standard deviation and, alike for all,
    what the out-of-fold residuals have beyond it. A multiple is NaN where there are too few
    labels to know it.
    """

    noise: float
    multiple_68: float
    multiple_90: float

    @classmethod
    def fit(
        cls, y: NDArray[np.float64], members: NDArray[np.float64], fold: NDArray[np.integer]
    ) -> Self:
        """From members (n_members, n), member m without fold m, and fold (n,)."""
        residual = y - members[fold, np.arange(len(y))]
        spread = members.std(axis=0, ddof=1)
        noise = float(np.sqrt(max(np.mean(residual**2 - spread**2), 0.0)))
        scale = np.hypot(spread, noise)
        score = np.abs(residual) / np.where(scale > 0, scale, 1.0)
        return cls(noise, *(conformal_quantile(score, level) for level in LEVELS))

    def half_widths(
        self, members: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Half widths (n,) of the intervals of 68 % and 90 %."""
        scale = np.hypot(members.std(axis=0, ddof=1), self.noise)
        return self.multiple_68 * scale, self.multiple_90 * scale


def conformal_quantile(scores: NDArray[np.float64], level: float) -> float:
    """The ceil((n + 1) level)-th smallest of n scores; NaN if n is too small for it."""
    rank = math.ceil((len(scores) + 1) * level)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else float("nan")
