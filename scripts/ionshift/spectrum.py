"""From predicted shieldings to spectra: means with errors, distributions, lines, speciation.

The shift is delta = sigma_ref - sigma. A liquid's line is motionally averaged: it stands at
the ensemble mean, while the distribution shows the environments that are averaged.
"""

import numpy as np
import pandas as pd

from ionshift.speciation import CLASSES


def shift_ppm(shielding_ppm, reference_ppm):
    """Chemical shift of a shielding, both in ppm."""
    return reference_ppm - np.asarray(shielding_ppm)


def block_means(frame_means, n_blocks):
    """Means of `n_blocks` consecutive, nearly equal blocks of a time series."""
    blocks = np.array_split(np.asarray(frame_means, float), n_blocks)
    return np.array([block.mean() for block in blocks if len(block)])


def mean_with_error(values, replica, time_ps, n_blocks):
    """Mean over environments and its error from blocks of time.

    The values of one frame are averaged first. Each replica's frames are cut into `n_blocks`
    blocks of time; the error is the standard deviation of all block means over the square
    root of their number. Blocks shorter than the correlation time make it too small. With
    fewer than two frames a block the error is unknown (NaN), never 0.

    Parameters
    ----------
    values, replica, time_ps : (n_environments,)

    Returns
    -------
    (mean, error)
    """
    table = pd.DataFrame({"value": values, "replica": replica, "time_ps": time_ps})
    by_frame = table.groupby(["replica", "time_ps"])["value"].mean()
    series = [group.to_numpy() for _, group in by_frame.groupby(level="replica")]
    if min(len(one) for one in series) < 2 * n_blocks:
        return float(np.mean(values)), float("nan")
    means = np.concatenate([block_means(one, n_blocks) for one in series])
    return float(np.mean(values)), float(means.std(ddof=1) / np.sqrt(len(means)))


def mean_over(table, values, n_blocks):
    """`mean_with_error` of values given for the rows of a table; (NaN, NaN) without rows.

    The error is also unknown (NaN) if all blocks agree exactly: a number that never changed
    says nothing about how far it would.

    Parameters
    ----------
    table : DataFrame with replica and time_ps
    values : Series, one a row
    """
    if len(table) == 0:
        return float("nan"), float("nan")
    mean, error = mean_with_error(
        values.to_numpy(float), table["replica"].to_numpy(), table["time_ps"].to_numpy(), n_blocks
    )
    return mean, float("nan") if np.isclose(error, 0) else error


def path_error(values, replica, li):
    """Standard error of a mean with each nucleus of each replica as one independent sample.

    It holds differences between nuclei that outlive the run, which blocks of time do not see.
    NaN for a single nucleus.
    """
    paths = pd.DataFrame({"value": values, "replica": replica, "li": li})
    means = paths.groupby(["replica", "li"])["value"].mean()
    return float(means.std(ddof=1) / np.sqrt(len(means)))


def sampling_error(table, n_blocks):
    """Mean shift and its sampling error: the larger of block error and path error.

    Unknown (NaN) if the block error is.
    """
    shift = table["shift_ppm"]
    mean, blocks = mean_with_error(shift, table["replica"], table["time_ps"], n_blocks)
    paths = path_error(shift, table["replica"], table["li"])
    return mean, float(np.maximum(blocks, np.nan_to_num(paths)))


def shift_table(predictions, member_means, molarity_M, n_blocks):
    """Mean shift of every system with its errors.

    Parameters
    ----------
    predictions : dict of DataFrame by system, with shift_ppm, replica, li, time_ps
    member_means : dict of (n_members,) mean shifts of the committee's members, ppm
    molarity_M : dict of float
    n_blocks : int, blocks a replica

    Returns
    -------
    DataFrame with system, molarity_M, shift_ppm, sampling_err_ppm (see
    `sampling_error`), model_err_ppm (standard deviation of the members' means), n_environments, and
    the same for change_ppm, the change against the first system
    """
    rows, first = [], next(iter(predictions))
    for system, table in predictions.items():
        mean, error = sampling_error(table, n_blocks)
        rows.append(
            {
                "system": system,
                "molarity_M": molarity_M[system],
                "shift_ppm": mean,
                "sampling_err_ppm": error,
                "model_err_ppm": float(np.std(member_means[system], ddof=1)),
                "n_environments": len(table),
                "change_model_err_ppm": float(
                    np.std(member_means[system] - member_means[first], ddof=1)
                ),
                "extrapolated_share": float((table["extrapolation"] > 1).mean()),
            }
        )
    shifts = pd.DataFrame(rows)
    shifts["change_ppm"] = shifts["shift_ppm"] - shifts["shift_ppm"].iloc[0]
    own = shifts["sampling_err_ppm"] ** 2
    shifts["change_sampling_err_ppm"] = np.sqrt(own + own.iloc[0])
    shifts.loc[0, "change_sampling_err_ppm"] = 0.0
    return shifts


def distribution(shifts_ppm, grid_ppm, sigma_ppm):
    """Density of the shifts, Gaussians of `sigma_ppm`, normalised to unit area in 1/ppm.

    The shifts are binned on the grid first, so the cost does not grow with their number.
    """
    step = grid_ppm[1] - grid_ppm[0]
    edges = np.append(grid_ppm - step / 2, grid_ppm[-1] + step / 2)
    counts = np.histogram(shifts_ppm, bins=edges)[0]
    offsets = grid_ppm[:, None] - grid_ppm[None, :]
    kernel = np.exp(-0.5 * (offsets / sigma_ppm) ** 2) / (sigma_ppm * np.sqrt(2 * np.pi))
    return kernel @ counts / max(len(shifts_ppm), 1)


def lorentzian(grid_ppm, centre_ppm, t2_s, larmor_MHz):
    """Exchange-averaged line in 1/ppm: full width at half height 1 / (pi T2), in Hz."""
    half_ppm = 1 / (2 * np.pi * t2_s) / larmor_MHz
    return half_ppm / np.pi / ((grid_ppm - centre_ppm) ** 2 + half_ppm**2)


def spectra_table(predictions, shifts, spectrum):
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
        classes = predictions[system]["class"].to_numpy()
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


def speciation_table(predictions, molarity_M, n_blocks):
    """Share and mean shift of every class in every system, with the share's error.

    A class without members has share 0, mean shift NaN.
    """
    rows = []
    for system, table in predictions.items():
        for name in CLASSES:
            member = (table["class"] == name).to_numpy()
            share, error = mean_with_error(
                member.astype(float), table["replica"], table["time_ps"], n_blocks
            )
            rows.append(
                {
                    "system": system,
                    "molarity_M": molarity_M[system],
                    "class": name,
                    "share": share,
                    "share_err": error,
                    "mean_shift_ppm": table.loc[member, "shift_ppm"].mean(),
                    "n_environments": int(member.sum()),
                }
            )
    return pd.DataFrame(rows)


def coordination_table(predictions, molarity_M, n_blocks):
    """Mean numbers of anions, solvents and ligand atoms in the shell, with errors."""
    rows = []
    for system, table in predictions.items():
        row = {"system": system, "molarity_M": molarity_M[system]}
        for name in ("n_anion", "n_solvent", "coordination"):
            mean, error = mean_with_error(table[name], table["replica"], table["time_ps"], n_blocks)
            row |= {name: mean, f"{name}_err": error}
        first, second = _halves(table["n_anion"].to_numpy(), table["time_ps"].to_numpy())
        row |= {"n_anion_first_half": first, "n_anion_second_half": second}
        rows.append(row)
    return pd.DataFrame(rows)


def _halves(values, time_ps):
    middle = (time_ps.min() + time_ps.max()) / 2
    late = time_ps > middle
    if late.all() or not late.any():
        return float(values.mean()), float("nan")
    return float(values[~late].mean()), float(values[late].mean())
