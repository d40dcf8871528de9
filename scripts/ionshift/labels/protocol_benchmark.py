"""Protocols against a reference: what a label costs and how wrong relative shieldings are."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ionshift.config.protocol import PROTOCOLS, Protocol
from ionshift.labels.correction import held_out_error

if TYPE_CHECKING:
    from ase import Atoms

FUNCTIONALS = ("pbe", "pbe0")
FAR_BASES = ("6-31g*", "def2-svp")
GRID_LEVELS = (1, 2)
THRESHOLDS = {
    "loose": {"scf_conv_tol": 1e-6, "cphf_tol": 1e-4},
    "tight": {"scf_conv_tol": 1e-9, "cphf_tol": 1e-4},
}


def variants() -> dict[str, Protocol]:
    """Name to protocol: `reference`, and what users weigh against each other.

    PBE in all combinations of far basis, grid and thresholds, `fast` among them; PBE0, several
    times as dear, with the coarser grid and the loose thresholds alone.
    """
    found = {"reference": PROTOCOLS["reference"]}
    for functional, far, grid, thresholds in itertools.product(
        FUNCTIONALS, FAR_BASES, GRID_LEVELS, THRESHOLDS
    ):
        if functional == "pbe" or (grid, thresholds) == (GRID_LEVELS[0], "loose"):
            changes = {"functional": functional, "basis_far": far, "grid_level": grid}
            found[f"{functional} {far} grid {grid} {thresholds}"] = PROTOCOLS["fast"].model_copy(
                update=changes | THRESHOLDS[thresholds]
            )
    return found


def compare(tables: Mapping[str, pd.DataFrame], reference: str = "reference") -> pd.DataFrame:
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


def choose(
    clusters: Sequence[Atoms], n_clusters: int, with_reference: Collection[str]
) -> list[Atoms]:
    """`n_clusters` of a set, of those with a reference label where these are enough.

    with_reference: ids of the clusters whose reference labels are known, the most expensive labels.
    """
    known = [atoms for atoms in clusters if atoms.info.get("cluster_id") in with_reference]
    return spread_over(known if len(known) >= n_clusters else clusters, n_clusters)


def spread_over(clusters: Sequence[Atoms], n_clusters: int) -> list[Atoms]:
    """`n_clusters` of a set, equally spaced in the order of their size."""
    order = sorted(range(len(clusters)), key=lambda i: (len(clusters[i]), i))
    places = np.unique(np.linspace(0, len(order) - 1, min(n_clusters, len(order))).round())
    return [clusters[order[int(place)]] for place in places]
