"""How many labels a wanted error needs: a power law through the learning curve.

RMSE = a n^-b (Hestness et al., arXiv 1712.00409 (2017)), fitted as a line in log-log. A floor,
RMSE = a n^-b + c, cannot be told from few points and is left out: without it the number of labels
is a lower estimate.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

N_DRAWS = 2000


@dataclass(frozen=True)
class PowerLaw:
    """Draws of log a and b (n_draws,) around the best fit (first)."""

    log_a: np.ndarray
    b: np.ndarray

    @classmethod
    def fit(cls, n: ArrayLike, rmse: ArrayLike, relative_error: ArrayLike, seed: int) -> Self:
        """Fit and redraw every point within its error.

        Parameters
        ----------
        n, rmse, relative_error : (k,) number of labels, error, relative uncertainty of the error
        """
        n, rmse, width = (np.asarray(part, float) for part in (n, rmse, relative_error))
        noise = np.random.default_rng(seed).normal(size=(N_DRAWS, len(n))) * width
        noise[0] = 0.0
        drawn = np.log(rmse) + noise
        slope, intercept = np.polyfit(np.log(n), drawn.T, 1, w=1 / width)
        return cls(intercept, -slope)

    def rmse(
        self, n: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Best fit, and the 16 % and 84 % quantiles of the draws, each as long as n."""
        curves = np.exp(self.log_a[:, None] - self.b[:, None] * np.log(np.asarray(n, float)))
        return curves[0], *np.quantile(curves, [0.16, 0.84], axis=0)

    def labels_for(self, rmse: float) -> tuple[float, float, float]:
        """Labels that reach `rmse`: best fit, 16 % and 84 % quantiles.

        Infinity where the curve does not fall.
        """
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            needed = np.exp((self.log_a - np.log(rmse)) / self.b)
        needed = np.where(self.b > 0, needed, np.inf)
        low, high = _quantiles(needed, (0.16, 0.84))
        return float(needed[0]), float(low), float(high)


def _quantiles(values, levels):
    """Quantiles without interpolation, so that infinities stay apart."""
    return np.quantile(values, levels, method="inverted_cdf")
