"""From predicted shieldings to spectra: means with errors, distributions, lines, speciation.

The shift is delta = sigma_ref - sigma. A liquid's line is motionally averaged: it stands at
the ensemble mean, while the distribution shows the environments that are averaged.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ionshift.config.spectrum import Spectrum
from ionshift.learning.members import class_means, means, spread
from ionshift.solvation.classes import CLASSES
from ionshift.statistics.uncertainty import Samples


def shift_ppm(shielding_ppm: ArrayLike, reference_ppm: float) -> NDArray[np.float64]:
    """Chemical shift of a shielding, both in ppm."""
    return reference_ppm - np.asarray(shielding_ppm)


def shift_table(
    predictions: Mapping[str, pd.DataFrame],
    members: Mapping[str, pd.DataFrame],
    molarity_M: Mapping[str, float],
    n_blocks: int,
) -> pd.DataFrame:
    """Mean shift of every system with its errors.

    Parameters
    ----------
    predictions : dict of DataFrame by system, with shift_ppm, replica, nucleus, time_ps
    members : dict of `members.member_table`
    molarity_M : dict of float
    n_blocks : int, blocks a replica

    Returns
    -------
    DataFrame with system, molarity_M, shift_ppm, sampling_err_ppm (see `uncertainty`),
    model_err_ppm (standard deviation of the members' means), n_environments, and the same for
    change_ppm, the change against the first system
    """
    rows, first = [], next(iter(predictions))
    member_means = {system: means(table) for system, table in members.items()}
    for system, table in predictions.items():
        mean, error = Samples.of(table, n_blocks).mean(table["shift_ppm"])
        rows.append(
            {
                "system": system,
                "molarity_M": molarity_M[system],
                "shift_ppm": mean,
                "sampling_err_ppm": error,
                "model_err_ppm": float(spread(member_means[system])),
                "n_environments": len(table),
                "change_model_err_ppm": float(spread(member_means[system] - member_means[first])),
                "extrapolated_share": float(table["extrapolation"].dropna().gt(1).mean()),
            }
        )
    shifts = pd.DataFrame(rows)
    shifts["change_ppm"] = shifts["shift_ppm"] - shifts["shift_ppm"].iloc[0]
    own = shifts["sampling_err_ppm"] ** 2
    shifts["change_sampling_err_ppm"] = np.sqrt(own + own.iloc[0])
    shifts.loc[0, "change_sampling_err_ppm"] = 0.0
    return shifts


def distribution(
    shifts_ppm: NDArray[np.float64], grid_ppm: NDArray[np.float64], sigma_ppm: float
) -> NDArray[np.float64]:
    """Density of the shifts, Gaussians of `sigma_ppm`, normalised to unit area in 1/ppm.

    The shifts are binned on the grid first, so the cost does not grow with their number.
    """
    step = grid_ppm[1] - grid_ppm[0]
    edges = np.append(grid_ppm - step / 2, grid_ppm[-1] + step / 2)
    counts = np.histogram(shifts_ppm, bins=edges)[0]
    offsets = grid_ppm[:, None] - grid_ppm[None, :]
    kernel = np.exp(-0.5 * (offsets / sigma_ppm) ** 2) / (sigma_ppm * np.sqrt(2 * np.pi))
    return kernel @ counts / max(len(shifts_ppm), 1)


def lorentzian(
    grid_ppm: NDArray[np.float64], centre_ppm: float, t2_s: float, larmor_MHz: float
) -> NDArray[np.float64]:
    """Exchange-averaged line in 1/ppm: full width at half height 1 / (pi T2), in Hz."""
    half_ppm = 1 / (2 * np.pi * t2_s) / larmor_MHz
    return half_ppm / np.pi / ((grid_ppm - centre_ppm) ** 2 + half_ppm**2)


def spectra_table(
    predictions: Mapping[str, pd.DataFrame], shifts: pd.DataFrame, spectrum: Spectrum
) -> pd.DataFrame:
    """Spectra of every system on one grid.

    Returns
    -------
    DataFrame with system, shift_ppm, total_per_ppm, one column a class (`SSIP_per_ppm` ...,
    summing to the total) and line_per_ppm
    """
    shift_by_system = {system: table["shift_ppm"] for system, table in predictions.items()}
    grid = _grid(shift_by_system.values(), spectrum)
    centre = shifts.set_index("system")["shift_ppm"]
    parts = []
    for system, values in shift_by_system.items():
        classes = predictions[system]["solvation_class"].to_numpy()
        part = {"system": system, "shift_ppm": grid}
        densities = {
            name: distribution(values[classes == name], grid, spectrum.distribution_sigma_ppm)
            * float(np.mean(classes == name))
            for name in CLASSES
        }
        part["total_per_ppm"] = sum(densities.values())
        part |= {f"{name}_per_ppm": density for name, density in densities.items()}
        part["line_per_ppm"] = lorentzian(grid, centre[system], spectrum.t2_s, spectrum.larmor_MHz)
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def _grid(all_shifts, spectrum):
    if spectrum.range_ppm is not None:
        return np.linspace(*spectrum.range_ppm, spectrum.n_points)
    margin = 5 * spectrum.distribution_sigma_ppm
    values = np.concatenate([np.asarray(values) for values in all_shifts])
    return np.linspace(values.min() - margin, values.max() + margin, spectrum.n_points)


def speciation_table(
    predictions: Mapping[str, pd.DataFrame],
    members: Mapping[str, pd.DataFrame],
    molarity_M: Mapping[str, float],
    n_blocks: int,
) -> pd.DataFrame:
    """Share and mean shift of every class in every system, with errors (see `uncertainty`).

    A class without environments has share 0, mean shift NaN. `mean_shift_model_err_ppm` is the
    standard deviation of the means of the committee's members.
    """
    rows = []
    for system, table in predictions.items():
        samples = Samples.of(table, n_blocks)
        model_error = dict(zip(CLASSES, spread(class_means(members[system])), strict=True))
        for name in CLASSES:
            in_class = (table["solvation_class"] == name).to_numpy()
            share, share_error = samples.mean(in_class)
            shift, shift_error = samples.mean(table["shift_ppm"], in_class)
            rows.append(
                {
                    "system": system,
                    "molarity_M": molarity_M[system],
                    "solvation_class": name,
                    "share": share,
                    "share_err": share_error,
                    "mean_shift_ppm": shift,
                    "mean_shift_sampling_err_ppm": shift_error,
                    "mean_shift_model_err_ppm": model_error[name],
                    "n_environments": int(in_class.sum()),
                }
            )
    return pd.DataFrame(rows)
