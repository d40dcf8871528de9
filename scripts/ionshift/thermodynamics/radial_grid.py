"""A radial grid and the Fourier transform of spherical functions on it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft


@dataclass(frozen=True)
class RadialGrid:
    """Points r = step, 2 step, ... in A and the wave numbers that belong to them in 1/A.

    The transform is a sine transform of type 1, exact for what vanishes at the last point.
    """

    step_A: float
    n_points: int

    @classmethod
    def reaching(cls, reach_A: float, step_A: float) -> "RadialGrid":
        """The smallest grid beyond `reach_A` whose transform is fast."""
        return cls(step_A, fft.next_fast_len(int(reach_A / step_A) + 2, real=True) - 1)

    @cached_property
    def r_A(self) -> np.ndarray:
        return self.step_A * np.arange(1, self.n_points + 1)

    @cached_property
    def k_inverse_A(self) -> np.ndarray:
        return np.pi / (self.step_A * (self.n_points + 1)) * np.arange(1, self.n_points + 1)

    def forward(self, values: np.ndarray) -> np.ndarray:
        """4 pi / k int r f(r) sin(kr) dr along the last axis, in A^3 for f without a unit."""
        transformed = fft.dst(self.r_A * values, type=1, axis=-1)
        return 2 * np.pi * self.step_A / self.k_inverse_A * transformed

    def backward(self, values: np.ndarray) -> np.ndarray:
        """1 / (2 pi^2 r) int k f(k) sin(kr) dk along the last axis; inverse of `forward`."""
        transformed = fft.dst(self.k_inverse_A * values, type=1, axis=-1)
        step_inverse_A = self.k_inverse_A[0]
        return step_inverse_A / (4 * np.pi**2 * self.r_A) * transformed

    def volume_integral(self, values: np.ndarray) -> np.ndarray:
        """4 pi int r^2 f(r) dr along the last axis: the transform at k = 0."""
        return 4 * np.pi * self.step_A * np.sum(self.r_A**2 * values, axis=-1)
