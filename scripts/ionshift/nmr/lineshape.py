"""Kubo's stochastic line shape: a frequency that wanders between its values.

The frequency is a Gaussian Markov process with standard deviation `amplitude_rad_s` (Delta) and
correlation time `tau_s`. Delta tau << 1 is fast exchange, one motionally narrowed Lorentzian;
Delta tau >> 1 is slow exchange, the static distribution. R. Kubo, Adv. Chem. Phys. 15, 101
(1969).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import simpson

FAST, SLOW = 0.1, 10.0
NEGLIGIBLE_EXPONENT = 30.0
POINTS_A_PERIOD = 16
MIN_POINTS = 1000


def amplitude_rad_s(shift_sd_ppm: float, larmor_MHz: float) -> float:
    """Delta in rad/s of a standard deviation in ppm at a Larmor frequency in MHz."""
    return 2 * np.pi * larmor_MHz * shift_sd_ppm


def decay_exponent(time_s: ArrayLike, amplitude_rad_s: float, tau_s: float) -> NDArray[np.float64]:
    """Delta^2 tau^2 (exp(-t/tau) - 1 + t/tau), minus the logarithm of Kubo's decay."""
    if amplitude_rad_s == 0:
        return np.zeros_like(time_s, float)
    x = np.asarray(time_s, float) / tau_s
    series = x**2 / 2 - x**3 / 6 + x**4 / 24
    return (amplitude_rad_s * tau_s) ** 2 * np.where(x < 1e-3, series, np.expm1(-x) + x)


def line(
    frequency_Hz: NDArray[np.float64], amplitude_rad_s: float, tau_s: float, t2_s: float = np.inf
) -> NDArray[np.float64]:
    """Line in 1/Hz, normalised to unit area over all frequencies.

    The cosine transform of exp(-decay_exponent - t/T2).

    Parameters
    ----------
    frequency_Hz : (n,) distance from the mean frequency
    t2_s : float, relaxation time of all other causes
    """

    def exponent(time_s):
        return decay_exponent(time_s, amplitude_rad_s, tau_s) + time_s / t2_s

    frequency_Hz = np.asarray(frequency_Hz, float)
    end_s = t2_s if amplitude_rad_s == 0 else min(t2_s, 1 / amplitude_rad_s)
    while exponent(end_s) < NEGLIGIBLE_EXPONENT:
        end_s *= 1.2
    periods = end_s * np.abs(frequency_Hz).max()
    n_points = 2 * int(max(MIN_POINTS, POINTS_A_PERIOD * periods)) + 1
    time_s = np.linspace(0, end_s, n_points)
    decay = np.exp(-exponent(time_s))
    step_s = time_s[1]
    return np.array(
        [2 * simpson(decay * np.cos(2 * np.pi * f * time_s), dx=step_s) for f in frequency_Hz]
    )


def exchange_width_Hz(amplitude_rad_s: float, tau_s: float) -> float:
    """Full width at half height of the motionally narrowed line, Delta^2 tau / pi.

    Exchange adds it to 1 / (pi T2); valid for Delta tau << 1.
    """
    return amplitude_rad_s**2 * tau_s / np.pi


def regime(amplitude_rad_s: float, tau_s: float, lower_tau_s: float) -> str:
    """fast, intermediate or slow by Delta tau; none without spread, unresolved without tau.

    `lower_tau_s` is a lower bound of tau; it can tell slow exchange when tau is unknown (NaN).
    """
    if amplitude_rad_s == 0:
        return "none"
    if amplitude_rad_s * lower_tau_s > SLOW:
        return "slow"
    product = amplitude_rad_s * tau_s
    if np.isnan(product):
        return "unresolved"
    return "fast" if product < FAST else "intermediate"
