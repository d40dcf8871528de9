"""Protocols against a reference: what a label costs and how wrong relative shieldings are."""

import numpy as np
import pandas as pd

from ionshift.config import PROTOCOLS

VARIED = {
    "functional": ("pbe", "pbe0"),
    "basis_far": ("6-31g*", "def2-svp"),
    "grid_level": (1, 2),
    "thresholds": ({"scf_conv_tol": 1e-6, "cphf_tol": 1e-4}, {"scf_conv_tol": 1e-9}),
}
"""What is combined: 16 protocols, the fast one among them, besides the reference."""


def variants():
    """Name to protocol: every combination of `VARIED`, and `reference`."""
    found = {"reference": PROTOCOLS["reference"]}
    for functional in VARIED["functional"]:
        for far in VARIED["basis_far"]:
            for grid in VARIED["grid_level"]:
                for name, thresholds in zip(("loose", "tight"), VARIED["thresholds"], strict=True):
                    changes = {"functional": functional, "basis_far": far, "grid_level": grid}
                    found[f"{functional} {far} grid {grid} {name}"] = PROTOCOLS["fast"].model_copy(
                        update=changes | thresholds
                    )
    return found


def compare(tables, reference="reference"):
    """Errors and costs of protocols.

    Errors are those of relative shieldings: both protocols' values less their means over the
    clusters, since a constant cancels in any shift. A straight line through reference against
    protocol values removes a slope as well; its error is held out: each cluster is predicted by
    the line through the others.

    Parameters
    ----------
    tables : dict of protocol name to its label table, rows of the same clusters in one order

    Returns
    -------
    DataFrame, one row a protocol: n clusters ok in both, cpu_s and max_rss_MB (mean and largest
    over all its labels), bias_ppm (mean of protocol - reference), slope (of the protocol against
    the reference), scatter_ppm (RMS of the relative error), corrected_ppm (RMS held out of the
    line). NaN where clusters are too few: 2 for the scatter, 3 for the slope, 4 for the line.
    """
    expected = _shieldings(tables[reference])
    rows = []
    for name, table in tables.items():
        values = _shieldings(table)
        both = np.isfinite(values) & np.isfinite(expected)
        rows.append(
            {
                "protocol": name,
                "n": int(both.sum()),
                "cpu_s": table["cpu_s"].astype(float).mean(),
                "max_rss_MB": table["max_rss_MB"].astype(float).max(),
                **_errors(values[both], expected[both]),
            }
        )
    return pd.DataFrame(rows)


def _shieldings(table):
    """Shieldings of the ok labels, NaN for the others."""
    return table["shielding_ppm"].astype(float).where(table["status"] == "ok").to_numpy()


def _errors(values, expected):
    n, unknown = len(values), float("nan")
    difference = values - expected
    return {
        "bias_ppm": difference.mean() if n else unknown,
        "slope": np.polyfit(expected, values, 1)[0] if n > 2 else unknown,
        "scatter_ppm": difference.std(ddof=1) if n > 1 else unknown,
        "corrected_ppm": held_out_error(values, expected) if n > 3 else unknown,
    }


def held_out_error(x, y):
    """RMS error of y by the straight line in x through all other points."""
    errors = []
    for left_out in range(len(x)):
        others = np.arange(len(x)) != left_out
        errors.append(y[left_out] - np.polyval(np.polyfit(x[others], y[others], 1), x[left_out]))
    return float(np.sqrt(np.mean(np.square(errors))))


def spread_over(clusters, n_clusters):
    """`n_clusters` of a set, equally spaced in the order of their size."""
    order = sorted(range(len(clusters)), key=lambda i: (len(clusters[i]), i))
    places = np.unique(np.linspace(0, len(order) - 1, min(n_clusters, len(order))).round())
    return [clusters[order[int(place)]] for place in places]
