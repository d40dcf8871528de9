"""The stretched exponential of Kohlrausch, Williams and Watts with an offset.

f(t) = amplitude exp(-(t / tau)^beta) + offset, 0 < beta <= 1: a superposition of exponentials
(Lindsey and Patterson, J. Chem. Phys. 73, 3348 (1980)). The mean correlation time of its decaying
part is tau / beta Gamma(1 / beta).

Amplitude and offset are linear, so that only tau and beta are searched (variable projection: Golub
and Pereyra, SIAM J. Numer. Anal. 10, 413 (1973)). They are searched on grids that narrow, for many
curves at once: resamples need hundreds of fits, most of them at the bound beta = 1, where
scipy's least_squares takes 50 times as long.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]

BETA_RANGE = (0.1, 1.0)
# Times looked for, in units of the first and of the last lag.
TAU_RANGE = (1e-2, 1e2)
N_TAUS, N_BETAS = 60, 19
# Around the best point: a grid of 5 x 5, narrowed so often by this factor.
AROUND, NARROWING, N_STEPS = np.linspace(-1, 1, 5), 0.6, 20
# Exponents of what has decayed, and norms of what does not change.
OVER, FLAT = 50.0, 1e-12


class Stretched(NamedTuple):
    """Parameters; `tau` in the unit of the times."""

    tau: float
    beta: float
    amplitude: float
    offset: float

    @property
    def mean_time(self) -> float:
        """Integral of the decaying part over its amplitude."""
        return float(self.tau / self.beta * np.exp(gammaln(1 / self.beta)))

    def remaining(self, time: float) -> float:
        """Share of the amplitude that is left at a time."""
        return float(np.exp(-((time / self.tau) ** self.beta)))

    def __call__(self, times: Array) -> Array:
        return self.amplitude * np.exp(-((times / self.tau) ** self.beta)) + self.offset


def fit(times: ArrayLike, values: ArrayLike) -> Stretched:
    """Least squares over positive, rising times (n,); n > 4, and amplitude > 0."""
    return fits(times, np.asarray(values, float)[None])[0]


def fits(times: ArrayLike, curves: ArrayLike) -> list[Stretched]:
    """`fit` of each of many curves (n_curves, n) over the same times (n,)."""
    log_times, curves = np.log(np.asarray(times, float)), np.asarray(curves, float)
    low = np.array([log_times[0] + np.log(TAU_RANGE[0]), BETA_RANGE[0]])
    high = np.array([log_times[-1] + np.log(TAU_RANGE[1]), BETA_RANGE[1]])
    widths = (high - low) / [N_TAUS - 1, N_BETAS - 1]
    sizes = (N_TAUS, N_BETAS)
    axes = [np.linspace(a, b, n) for a, b, n in zip(low, high, sizes, strict=True)]
    best = _best(log_times, curves, _pairs(*axes)[None])
    for step in range(N_STEPS):
        around = _pairs(AROUND, AROUND) * widths * NARROWING**step
        best = _best(log_times, curves, np.clip(best[:, None] + around, low, high))
    return [_complete(log_times, *one) for one in zip(curves, best, strict=True)]


def _pairs(first: Array, second: Array) -> Array:
    return np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)


def _decay(log_times: Array, shapes: Array) -> Array:
    """exp(-(t / tau)^beta) for shapes (..., 2) of ln(tau) and beta: (..., n)."""
    exponent = shapes[..., 1, None] * (log_times - shapes[..., 0, None])
    return np.exp(-np.exp(np.minimum(exponent, OVER)))


def _best(log_times: Array, curves: Array, shapes: Array) -> Array:
    """The shape of each curve, of (n_curves or 1, n_shapes, 2), that leaves the least squares."""
    decays = _decay(log_times, shapes)
    decays -= decays.mean(axis=-1, keepdims=True)
    decays /= np.maximum(np.linalg.norm(decays, axis=-1, keepdims=True), FLAT)
    if len(decays) == 1:
        explained = curves @ decays[0].T
    else:
        explained = np.einsum("csn,cn->cs", decays, curves)
    chosen = explained.argmax(axis=1)
    return np.broadcast_to(shapes, (len(curves), *shapes.shape[1:]))[range(len(curves)), chosen]


def _complete(log_times: Array, curve: Array, shape: Array) -> Stretched:
    decay = _decay(log_times, shape)
    deviation = decay - decay.mean()
    amplitude = deviation @ curve / max(deviation @ deviation, FLAT**2)
    offset = curve.mean() - amplitude * decay.mean()
    return Stretched(float(np.exp(shape[0])), float(shape[1]), float(amplitude), float(offset))
