"""Figures of the dynamics draw from tables with gaps: unknown errors and times, one system."""

import numpy as np
import pandas as pd
import pytest

from ionshift.config.figures import Figures
from ionshift.config.spectrum import Spectrum
from ionshift.figures import dynamics
from ionshift.figures.style import save
from ionshift.nmr import exchange
from on_axes import empty_panels

STYLE = Figures()


def drawn(figure, tmp_path):
    save(figure, [tmp_path / "figure.png"], dpi=60)
    return empty_panels(figure) == []


@pytest.fixture(params=[["1M"], ["1M", "2M"]], ids=["one system", "two systems"])
def systems(request):
    return request.param


@pytest.fixture(params=["moving", "constant", "one nucleus", "one frame"])
def shifts(request, systems):
    rng = np.random.default_rng(0)
    arrays = {
        "moving": rng.normal(size=(60, 4)),
        "constant": np.full((60, 4), 0.3),
        "one nucleus": rng.normal(size=(60, 1)),
        "one frame": rng.normal(size=(1, 4)),
    }
    return {system: exchange.Paths([arrays[request.param]], 1.0) for system in systems}


def test_figures_of_exchange(shifts, tmp_path):
    found = {name: exchange.shift_autocorrelation(one, 0.5) for name, one in shifts.items()}
    regimes = exchange.exchange_table(shifts, found, 155.5, 0.05)
    lines = exchange.line_table(shifts, regimes, Spectrum(n_points=51))
    curves = exchange.autocorrelation_table(found)
    assert drawn(dynamics.shift_autocorrelation(curves, regimes, STYLE), tmp_path)
    assert drawn(dynamics.exchange(lines, regimes, STYLE), tmp_path)


def diffusion_tables(systems, known):
    time = np.arange(20.0 if known else 1.0)
    rows, curves = [], []
    for system in systems:
        for species in ("LI", "FSI"):
            labels = {"system": system, "species": species}
            curves.append(
                pd.DataFrame(labels | {"time_ps": time, "msd_A2": time, "msd_err_A2": np.nan})
            )
            value = 1e-10 if known else np.nan
            rows.append(
                labels
                | {"fit_from_ps": 2.0 if known else np.nan, "fit_to_ps": 6.0 if known else np.nan}
                | {"apparent_d_m2_s": value, "corrected_d_m2_s": np.nan, "d_err_m2_s": np.nan}
                | {"diffusive": species == "LI" and known}
            )
    return pd.concat(curves), pd.DataFrame(rows)


@pytest.mark.parametrize("known", [True, False])
def test_figures_of_diffusion(systems, known, tmp_path):
    curves, table = diffusion_tables(systems, known)
    assert drawn(dynamics.displacements(curves, table, STYLE), tmp_path)
    assert drawn(dynamics.diffusion(table, STYLE), tmp_path) == known


@pytest.mark.parametrize("lifetime_ps", [100.0, np.nan])
def test_figure_of_residence_with_unknown_lifetimes(systems, lifetime_ps, tmp_path):
    curve = np.exp(-np.arange(20) / 8)
    labels = [{"system": system, "species": "FSI"} for system in systems]
    data = {"time_ps": np.arange(20.0), "continuous": curve, "continuous_err": np.nan}
    curves = pd.concat([pd.DataFrame(one | data | {"intermittent": curve}) for one in labels])
    values = {"lifetime_ps": lifetime_ps, "lifetime_err_ps": np.nan}
    times = pd.DataFrame([one | values for one in labels])
    known = np.isfinite(lifetime_ps)
    assert drawn(dynamics.residence(curves, times, STYLE), tmp_path) == known
