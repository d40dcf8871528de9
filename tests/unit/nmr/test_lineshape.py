import numpy as np
import pytest

from ionshift.nmr import lineshape
from processes import ornstein_uhlenbeck

DELTA = 400.0


def half_width(frequency, line):
    """Full width at half height of a line on a grid from 0 up."""
    return 2 * np.interp(-line[0] / 2, -line, frequency)


def test_fast_exchange_is_a_lorentzian_of_known_width():
    tau = 0.01 / DELTA
    width = lineshape.exchange_width_Hz(DELTA, tau)
    assert width == pytest.approx(DELTA * 0.01 / np.pi)
    frequency = np.linspace(0, 5 * width, 400)
    line = lineshape.line(frequency, DELTA, tau)
    lorentzian = (width / 2 / np.pi) / (frequency**2 + (width / 2) ** 2)
    assert half_width(frequency, line) == pytest.approx(width, rel=0.01)
    assert np.allclose(line, lorentzian, rtol=0.02)


def test_slow_exchange_is_the_static_gaussian():
    frequency = np.linspace(0, 4 * DELTA / (2 * np.pi), 200)
    line = lineshape.line(frequency, DELTA, 1e4 / DELTA)
    sd = DELTA / (2 * np.pi)
    gaussian = np.exp(-0.5 * (frequency / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    assert np.allclose(line, gaussian, atol=1e-3 * gaussian[0])


@pytest.mark.parametrize("product", [0.3, 1.0, 3.0])
def test_lines_have_unit_area(product):
    frequency = np.linspace(-1500, 1500, 751)
    line = lineshape.line(frequency, DELTA, product / DELTA)
    assert line.sum() * (frequency[1] - frequency[0]) == pytest.approx(1.0, abs=0.01)


def test_without_spread_the_width_is_that_of_t2():
    frequency = np.linspace(0, 30, 600)
    line = lineshape.line(frequency, 0.0, 1e-12, t2_s=0.05)
    assert half_width(frequency, line) == pytest.approx(1 / (np.pi * 0.05), rel=1e-3)


def test_widths_of_exchange_and_t2_add():
    tau, t2_s = 0.005 / DELTA, 0.3
    expected = lineshape.exchange_width_Hz(DELTA, tau) + 1 / (np.pi * t2_s)
    frequency = np.linspace(0, 5 * expected, 500)
    line = lineshape.line(frequency, DELTA, tau, t2_s)
    assert half_width(frequency, line) == pytest.approx(expected, rel=0.01)


def test_decay_is_that_of_simulated_nuclei():
    """Phases summed along wandering frequencies must dephase as Kubo's formula says."""
    tau, step = 1 / DELTA, 0.02 / DELTA
    frequencies = DELTA * ornstein_uhlenbeck(251, tau / step, 20000, np.random.default_rng(5))
    middle = (frequencies[1:] + frequencies[:-1]) / 2
    dephased = np.cos(np.cumsum(middle, axis=0) * step).mean(axis=1)
    time = step * np.arange(1, 251)
    expected = np.exp(-lineshape.decay_exponent(time, DELTA, tau))
    assert np.allclose(dephased, expected, atol=0.02)


def test_early_decay_does_not_cancel():
    time = 1e-9 / DELTA
    found = lineshape.decay_exponent(time, DELTA, 1e5 / DELTA)
    assert found == pytest.approx((DELTA * time) ** 2 / 2, rel=1e-6)


@pytest.mark.parametrize(
    ("delta", "tau", "lower", "name"),
    [
        (400.0, 1e-10, 1e-10, "fast"),
        (400.0, 1 / 400, 1 / 400, "intermediate"),
        (400.0, 1.0, 1.0, "slow"),
        (400.0, np.nan, 1.0, "slow"),
        (400.0, np.nan, 1e-10, "unresolved"),
        (400.0, np.nan, np.nan, "unresolved"),
        (0.0, np.nan, np.nan, "none"),
    ],
)
def test_regimes(delta, tau, lower, name):
    assert lineshape.regime(delta, tau, lower) == name
