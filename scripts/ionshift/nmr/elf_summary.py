"""Tables of the deformation factors: by cluster, by group, against shielding and settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ionshift.config.elf import Elf
from ionshift.core.errors import InputError
from ionshift.dft import elf
from ionshift.solvation.class_means import ensemble_mean, spread_within_classes
from ionshift.solvation.classes import CLASSES

if TYPE_CHECKING:
    from ase import Atoms

FACTORS = ("axis_ratio", "peak_ratio")
EVERY = "all"
CONFIDENCE = 0.95


def cluster_table(measured: pd.DataFrame, settings: Elf) -> pd.DataFrame:
    """One row a cluster with both factors; NaN where a cluster or its surface is missing.

    Parameters
    ----------
    measured : DataFrame with the columns `elf_measurement.COLUMNS`
    settings : config.Elf

    Returns
    -------
    DataFrame with cluster_id, system, class, n_anion, coordination, shielding_ppm, status,
    reason, axis_ratio, peak_ratio, mean_radius_bohr (of the surface, over directions),
    open_share (directions without a surface), cpu_s
    """
    names = ["cluster_id", "system", "solvation_class", "n_anion", "coordination"]
    table = measured[[*names, "shielding_ppm", "status", "reason"]]
    _, weights = elf.directions(settings.degree)
    factors = [_factors(row, settings) for row in measured.to_dict("records")]
    table[list(FACTORS)] = np.reshape(factors, (-1, 2))
    radii = [_radii(row, settings, settings.isovalue) for row in measured.to_dict("records")]
    table["mean_radius_bohr"] = [float(weights @ one) for one in radii]
    table["open_share"] = [
        float(np.isnan(one).mean()) if status == "ok" else np.nan
        for one, status in zip(radii, table["status"], strict=True)
    ]
    table["cpu_s"] = measured["cpu_s"]
    return table


def _factors(row, settings):
    units, weights = elf.directions(settings.degree)
    return (
        elf.axis_ratio(_radii(row, settings, settings.isovalue), units, weights),
        elf.peak_ratio(_sphere(row, settings, settings.radius_bohr), weights),
    )


def _radii(row, settings, isovalue):
    return _along_directions(row, "radii_bohr", settings.all_isovalues(), isovalue, settings)


def _sphere(row, settings, radius_bohr):
    return _along_directions(row, "sphere_elf", settings.all_radii_bohr(), radius_bohr, settings)


def _along_directions(row, name, known, wanted, settings):
    """The values of one isovalue or radius along all directions; NaN without a measurement."""
    n_directions = len(elf.directions(settings.degree)[1])
    if row["status"] != "ok":
        return np.full(n_directions, np.nan)
    values = np.reshape(np.asarray(row[name], float), (len(known), n_directions))
    return values[known.index(wanted)]


def group_table(clusters: pd.DataFrame, speciation: pd.DataFrame) -> pd.DataFrame:
    """Mean factors of every system and class.

    `class` or `system` is 'all' where a row joins them. `mean` with `mean_err` (standard
    deviation over the root of the number, NaN for one cluster) describes the sample, which
    takes classes evenly. `ensemble_mean` of a system weighs the class means by the classes'
    shares in the MD; its error pools the variance within classes over all systems and leaves
    out the error of the shares. `sampled_share` is the share of the ensemble whose classes
    were sampled; the weights are scaled to it.

    Parameters
    ----------
    clusters : see `cluster_table`
    speciation : DataFrame with system, molarity_M, class, share

    Returns
    -------
    DataFrame with system, molarity_M, class, factor, n_clusters, mean, mean_err, sd,
    ensemble_mean, ensemble_err, sampled_share
    """
    molarity_M = speciation.groupby("system")["molarity_M"].first()
    systems = list(dict.fromkeys(speciation["system"]))
    rows = []
    for factor in FACTORS:
        known = clusters.dropna(subset=[factor])
        spread = spread_within_classes(known, factor)
        for system in [*systems, EVERY]:
            part = known if system == EVERY else known[known["system"] == system]
            for name in [EVERY, *CLASSES]:
                values = (
                    part[factor]
                    if name == EVERY
                    else part.loc[part["solvation_class"] == name, factor]
                )
                row = {"system": system, "molarity_M": molarity_M.get(system, np.nan)}
                row |= {"solvation_class": name, "factor": factor} | _mean(values)
                if name == EVERY and system != EVERY:
                    share = speciation[speciation["system"] == system].set_index("solvation_class")[
                        "share"
                    ]
                    row |= ensemble_mean(part.groupby("solvation_class")[factor], share, spread)
                rows.append(row)
    return pd.DataFrame(rows)


def _mean(values):
    deviation = values.std(ddof=1)
    return {
        "n_clusters": len(values),
        "mean": values.mean(),
        "mean_err": deviation / np.sqrt(max(len(values), 1)),
        "sd": deviation,
    }


def correlation_table(clusters: pd.DataFrame) -> pd.DataFrame:
    """Correlation of the factors with the shielding, of all clusters and of parts of them.

    Scopes: all clusters; 'within classes' (each class's means taken off both); every system;
    every class.

    Returns
    -------
    DataFrame with scope, factor and what `correlate` returns
    """
    rows = []
    for factor in FACTORS:
        known = clusters.dropna(subset=[factor, "shielding_ppm"])
        columns = known[[factor, "shielding_ppm"]]
        within = columns - columns.groupby(known["solvation_class"]).transform("mean")
        scopes = {"all clusters": (columns, 0)}
        scopes["within classes"] = (within, max(known["solvation_class"].nunique() - 1, 0))
        for name, prefix in (("system", "system"), ("solvation_class", "class")):
            present = dict.fromkeys(clusters[name])
            scopes |= {f"{prefix} {value}": (columns[known[name] == value], 0) for value in present}
        rows += [
            {"scope": scope, "factor": factor}
            | correlate(part[factor].to_numpy(), part["shielding_ppm"].to_numpy(), controlled)
            for scope, (part, controlled) in scopes.items()
        ]
    return pd.DataFrame(rows)


def correlate(
    factor: NDArray[np.float64], shielding_ppm: NDArray[np.float64], n_controlled: int = 0
) -> dict[str, float]:
    """Pearson's correlation with its interval by Fisher's transformation, and the slope.

    atanh(r) is taken as normal with variance 1 / (n - n_controlled - 3) (Fisher, Metron 1, 3
    (1921)); `n_controlled` counts the variables that were regressed out before.

    Returns
    -------
    dict of n_clusters, pearson_r, r_low95, r_high95, p_value (of no correlation, Student's t),
    slope_ppm_per_percent (shielding for 0.01 of the factor), slope_err_ppm_per_percent;
    NaN with too few clusters or without spread
    """
    names: tuple[str, ...] = ("pearson_r", "r_low95", "r_high95", "p_value")
    names += ("slope_ppm_per_percent", "slope_err_ppm_per_percent")
    n, free = len(factor), len(factor) - n_controlled - 2
    result = {"n_clusters": n} | dict.fromkeys(names, np.nan)
    if free < 2 or np.ptp(factor) == 0 or np.ptp(shielding_ppm) == 0:
        return result
    r = np.clip(np.corrcoef(factor, shielding_ppm)[0, 1], -1, 1)
    half = stats.norm.ppf((1 + CONFIDENCE) / 2) / np.sqrt(free - 1)
    with np.errstate(divide="ignore"):
        low, high = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
        t = abs(r) * np.sqrt(free / (1 - r**2))
    per_percent = 0.01 * np.std(shielding_ppm) / np.std(factor)
    values: tuple[Any, ...] = (r, low, high, 2 * stats.t.sf(t, free))
    values += (r * per_percent, np.sqrt((1 - r**2) / free) * per_percent)
    return result | dict(zip(names, map(float, values), strict=True))


def sensitivity_table(measured: pd.DataFrame, settings: Elf) -> pd.DataFrame:
    """How the factors change with the isovalue of the surface and the radius of the sphere.

    Returns
    -------
    DataFrame with factor, setting (isovalue or radius_bohr), value, chosen (the study's own),
    n_clusters (with a closed surface), mean, sd, min, max, pearson_r (with the shielding)
    """
    units, weights = elf.directions(settings.degree)
    good = measured[measured["status"] == "ok"].to_dict("records")
    shielding_ppm = np.array([row["shielding_ppm"] for row in good], float)
    rows = []
    for value in settings.all_isovalues():
        factors = [elf.axis_ratio(_radii(row, settings, value), units, weights) for row in good]
        setting = {"factor": "axis_ratio", "setting": "isovalue", "value": value}
        setting["chosen"] = value == settings.isovalue
        rows.append(setting | _range(np.array(factors), shielding_ppm))
    for value in settings.all_radii_bohr():
        factors = [elf.peak_ratio(_sphere(row, settings, value), weights) for row in good]
        setting = {"factor": "peak_ratio", "setting": "radius_bohr", "value": value}
        setting["chosen"] = value == settings.radius_bohr
        rows.append(setting | _range(np.array(factors), shielding_ppm))
    return pd.DataFrame(rows)


def _range(factors, shielding_ppm):
    known = np.isfinite(factors)
    values = pd.Series(factors[known], dtype=float)
    return {
        "n_clusters": len(values),
        "mean": values.mean(),
        "sd": values.std(ddof=1),
        "min": values.min(),
        "max": values.max(),
        "pearson_r": correlate(values.to_numpy(), shielding_ppm[known])["pearson_r"],
    }


def typical_clusters(clusters: pd.DataFrame) -> list[str]:
    """Ids of two typical clusters, of the least and of the most aggregated class with a surface.

    Each is the one whose axis ratio is nearest to its class's median (fewer if there are fewer
    classes).

    Raises
    ------
    InputError
        if no cluster has a closed surface.
    """
    known = clusters.dropna(subset=["axis_ratio"])
    present = [name for name in CLASSES if (known["solvation_class"] == name).any()]
    if not present:
        raise InputError(
            "no ELF surface could be measured; see status and reason in elf_clusters.csv, or "
            "change elf.isovalue"
        )
    chosen = []
    for name in dict.fromkeys([present[0], present[-1]]):
        part = known[known["solvation_class"] == name]
        distance = (part["axis_ratio"] - part["axis_ratio"].median()).abs()
        chosen.append(part.loc[distance.idxmin(), "cluster_id"])
    return chosen


def surface_table(
    measured: pd.DataFrame, cluster_ids: Sequence[str], settings: Elf
) -> pd.DataFrame:
    """The surfaces of clusters: cluster_id, system, class, x, y, z (direction), radius_bohr."""
    units, _ = elf.directions(settings.degree)
    parts = []
    for row in _rows_of(measured, cluster_ids):
        part = pd.DataFrame(units, columns=["x", "y", "z"])
        part["radius_bohr"] = _radii(row, settings, settings.isovalue)
        part.insert(0, "cluster_id", row["cluster_id"])
        part.insert(1, "system", row["system"])
        part.insert(2, "solvation_class", row["solvation_class"])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _rows_of(measured, cluster_ids):
    return measured.set_index("cluster_id", drop=False).loc[cluster_ids].to_dict("records")


def atom_table(
    clusters: Sequence[Atoms], cluster_ids: Sequence[str], ligand_elements: Collection[str]
) -> pd.DataFrame:
    """Atoms of clusters relative to the nucleus.

    Returns
    -------
    DataFrame with cluster_id, element, x_A, y_A, z_A, in_shell (a ligand within the cut-off
    that the cluster was cut with)
    """
    by_id = {atoms.info["cluster_id"]: atoms for atoms in clusters}
    parts = []
    for cluster_id in cluster_ids:
        atoms = by_id[cluster_id]
        positions_A = atoms.positions - atoms.positions[0]
        part = pd.DataFrame(positions_A, columns=["x_A", "y_A", "z_A"])
        part.insert(0, "cluster_id", cluster_id)
        part.insert(1, "element", atoms.get_chemical_symbols())
        close = np.linalg.norm(positions_A, axis=1) <= atoms.info["cutoff_A"]
        part["in_shell"] = close & part["element"].isin(ligand_elements).to_numpy()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
