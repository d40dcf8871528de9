"""What a potential changes in a liquid, against the classical MD of the same box.

Both are read by the same model of the shielding, which was trained on clusters of one of the two,
or of neither: `extrapolated_share` says how many environments lie outside what it knows.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ionshift.config.shell import Shell
from ionshift.core.errors import InputError
from ionshift.learning.members import means, spread
from ionshift.solvation.classes import CLASSES
from ionshift.solvation.shells import first_minimum_A, first_peak_A
from ionshift.statistics.uncertainty import Samples

SOURCES = ("classical", "potential")
COLUMNS = (
    "system",
    "quantity",
    "unit",
    *(f"{source}{suffix}" for source in SOURCES for suffix in ("", "_err")),
    "difference",
    "difference_err",
    "model_err",
)


def liquid_table(
    system: str,
    densities_g_cm3: Mapping[str, float],
    rdf: Mapping[str, pd.DataFrame],
    predictions: Mapping[str, pd.DataFrame],
    members: Mapping[str, pd.DataFrame],
    shell: tuple[Shell, float],
    n_blocks: int,
) -> pd.DataFrame:
    """Structure and mean shielding of both liquids, a row a quantity.

    Parameters
    ----------
    system : its name
    densities_g_cm3, rdf, predictions, members : dicts by `SOURCES` of mean densities, of tables of
        `pairs.pair_table`, of predictions along the trajectory and of `members.member_table`
    shell : (config.Shell, cut-off in A) of the first shell
    n_blocks : blocks a replica for the errors, see `uncertainty`

    Returns
    -------
    DataFrame with `COLUMNS`; `model_err` is the standard deviation of the members' differences.
    Errors that were not estimated are NaN, and so are distances where there is no neighbour.
    """
    settings, cutoff_A = shell
    rows = [_row("density", "g/cm3", {name: (densities_g_cm3[name], np.nan) for name in SOURCES})]
    for role in ("solvent", "anion"):
        rows += _distance_rows(rdf, role, settings.ligand_elements, cutoff_A)
    samples = {name: Samples.of(predictions[name], n_blocks) for name in SOURCES}

    def mean_row(quantity, unit, column, equal_to=None):
        values = {name: predictions[name][column] for name in SOURCES}
        if equal_to is not None:
            values = {name: column == equal_to for name, column in values.items()}
        return _row(quantity, unit, {name: samples[name].mean(values[name]) for name in SOURCES})

    rows += [mean_row(column, "", column) for column in ("coordination", "n_solvent", "n_anion")]
    rows += [mean_row(f"share of {name}", "", "solvation_class", equal_to=name) for name in CLASSES]
    shielding = mean_row("shielding", "ppm", "shielding_ppm")
    shielding["model_err"] = float(
        spread(means(members["potential"]) - means(members["classical"]))
    )
    rows.append(shielding)
    outside = {name: predictions[name]["extrapolation"].dropna().gt(1).mean() for name in SOURCES}
    rows.append(_row("extrapolated share", "", {name: (outside[name], np.nan) for name in SOURCES}))
    return pd.DataFrame(rows).assign(system=system).reindex(columns=list(COLUMNS))


def _row(quantity, unit, values):
    """A row from (value, error) by source."""
    row = {"quantity": quantity, "unit": unit}
    for name in SOURCES:
        row[name], row[f"{name}_err"] = map(float, values[name])
    row["difference"] = row["potential"] - row["classical"]
    row["difference_err"] = float(np.hypot(row["potential_err"], row["classical_err"]))
    return row


def _distance_rows(rdf, role, elements, cutoff_A):
    """First peak and mean distance within the cut-off of every kind of ligand of one role."""
    rows = []
    for element in elements:
        parts = {
            name: rdf[name][rdf[name]["pair"].str.endswith(f"-{element} ({role})")]
            for name in SOURCES
        }
        if any(part.empty for part in parts.values()):
            continue
        pair = parts["classical"]["pair"].iloc[0]
        peaks = {name: (first_shell(part)[0], np.nan) for name, part in parts.items()}
        inside = {name: (mean_distance_A(part, cutoff_A), np.nan) for name, part in parts.items()}
        rows += [
            _row(f"first peak {pair}", "A", peaks),
            _row(f"mean distance {pair}", "A", inside),
        ]
    return rows


def mean_distance_A(rdf: pd.DataFrame, cutoff_A: float) -> float:
    """Mean distance in A of the neighbours within a cut-off, from one running number n(r).

    NaN where there is none.
    """
    inside = rdf[rdf["r_A"] <= cutoff_A]
    counts = np.diff(inside["n"], prepend=0.0)
    if counts.sum() <= 0:
        return float("nan")
    return float(np.average(inside["r_A"], weights=counts))


def first_shell(rdf: pd.DataFrame) -> tuple[float, float]:
    """Position in A of the first peak of one g(r), and the neighbours within its first minimum.

    NaN for a peak or minimum that is not there.
    """
    try:
        peak_A = first_peak_A(rdf)
    except InputError:
        return np.nan, np.nan
    try:
        within = rdf["r_A"] <= first_minimum_A(rdf)
    except InputError:
        return peak_A, np.nan
    return peak_A, float(rdf.loc[within, "n"].iloc[-1])


def shielding_histograms(
    system: str, predictions: Mapping[str, pd.DataFrame], n_bins: int = 40
) -> pd.DataFrame:
    """Distributions of the shieldings of both liquids on common bins, for their figure.

    Parameters
    ----------
    predictions : dict of DataFrame by source, with shielding_ppm
    n_bins : bins between the 0.1st and the 99.9th percentile of all shieldings

    Returns
    -------
    DataFrame with system, source, low_ppm, high_ppm, density_per_ppm, mean_ppm
    """
    values = {name: table["shielding_ppm"].to_numpy() for name, table in predictions.items()}
    ends = np.percentile(np.concatenate(list(values.values())), [0.1, 99.9])
    edges = np.linspace(ends[0], ends[1], n_bins + 1)
    parts = [
        pd.DataFrame(
            {
                "system": system,
                "source": name,
                "low_ppm": edges[:-1],
                "high_ppm": edges[1:],
                "density_per_ppm": np.histogram(shieldings_ppm, edges, density=True)[0],
                "mean_ppm": shieldings_ppm.mean(),
            }
        )
        for name, shieldings_ppm in values.items()
    ]
    return pd.concat(parts, ignore_index=True)
