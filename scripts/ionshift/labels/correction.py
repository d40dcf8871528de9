"""Labels of a cheap protocol brought to the level of a higher-level one.

Relative shieldings of two protocols differ by a factor and little else, so a straight line
through the clusters that have labels of both corrects all the others. What it leaves is measured
on clusters that the line has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.protocol import Protocol
from ionshift.core.errors import InputError
from ionshift.labels.store import label_key

if TYPE_CHECKING:
    from ase import Atoms

KEY = "labelling.reference_labels"
FEWEST = 4
"""Pairs: a line through three others must exist for each of them."""
TENSORS = ("shielding_tensor_ppm", "nuclei", "nuclei_tensors_ppm")


@dataclass(frozen=True)
class Line:
    """Reference shielding in ppm = intercept_ppm + slope * shielding in ppm."""

    slope: float
    intercept_ppm: float

    def __call__(self, shielding_ppm):
        return self.intercept_ppm + self.slope * np.asarray(shielding_ppm, float)


def find_pairs(
    references: Sequence[Atoms], table: pd.DataFrame, protocol: Protocol
) -> pd.DataFrame:
    """Clusters with an ok label of both protocols.

    Parameters
    ----------
    references : clusters of `labels.read_label_set`, of one other protocol
    table : label table of the study
    protocol : config.Protocol of that table

    Returns
    -------
    DataFrame: cluster_id, system, class, shielding_ppm (of the table), reference_ppm

    Raises
    ------
    InputError
        if the references are of several protocols or of the study's own, or the pairs are too few.
    """
    _check_protocols(references, table)
    own = table[table["status"] == "ok"].drop_duplicates("key").set_index("key")["shielding_ppm"]
    rows = []
    for atoms in references:
        key = label_key(atoms, atoms.info["charge"], protocol)
        if atoms.info["status"] == "ok" and key in own.index:
            rows.append(
                {
                    "key": key,
                    "cluster_id": atoms.info["cluster_id"],
                    "system": atoms.info["system"],
                    "solvation_class": atoms.info["solvation_class"],
                    "shielding_ppm": float(own[key]),
                    "reference_ppm": float(atoms.info["shielding_ppm"]),
                }
            )
    pairs = pd.DataFrame(rows).drop_duplicates("key") if rows else pd.DataFrame()
    if len(pairs) < FEWEST:
        raise InputError(
            f"{KEY}: {len(pairs)} of {len(references)} clusters have a label of the study as well, "
            f"a line needs {FEWEST}; take sets whose clusters are in labelling.shipped, or compute "
            "more with ionshift labels relabel"
        )
    return pairs.drop(columns="key")


def _check_protocols(references, table):
    hashes = sorted({atoms.info["protocol_hash"] for atoms in references})
    if len(hashes) > 1:
        raise InputError(
            f"{KEY}: labels of {len(hashes)} protocols ({', '.join(hashes)}); name sets of one"
        )
    if hashes[0] in set(table["protocol_hash"]):
        raise InputError(
            f"{KEY}: these labels are of the study's own protocol ({hashes[0]}), they correct "
            "nothing; name a set of a higher-level one"
        )


def fit(pairs: pd.DataFrame) -> Line:
    """The `Line` of least squares through pairs."""
    slope, intercept = np.polyfit(pairs["shielding_ppm"], pairs["reference_ppm"], 1)
    return Line(float(slope), float(intercept))


def summary(pairs: pd.DataFrame, line: Line, shieldings_ppm: Sequence[float]) -> pd.DataFrame:
    """What the line does, and what it leaves.

    Parameters
    ----------
    shieldings_ppm : those that the line corrects, as computed

    Returns
    -------
    DataFrame of one row: n_pairs, slope, slope_err (standard error of least squares),
    intercept_ppm, uncorrected_ppm (RMS difference of relative shieldings), corrected_ppm (RMS error
    held out: each pair by the line through the others), in_range_share (of `shieldings_ppm`, those
    between the lowest and the highest of the pairs)
    """
    x, y = pairs["shielding_ppm"].to_numpy(), pairs["reference_ppm"].to_numpy()
    residuals = y - line(x)
    spread = np.sum((x - x.mean()) ** 2)
    corrected_ppm = pd.Series(shieldings_ppm, dtype=float)
    row = {
        "n_pairs": len(pairs),
        "slope": line.slope,
        "slope_err": float(np.sqrt(np.sum(residuals**2) / (len(x) - 2) / spread)),
        "intercept_ppm": line.intercept_ppm,
        "uncorrected_ppm": float(np.std(y - x, ddof=1)),
        "corrected_ppm": held_out_error(x, y),
        "in_range_share": float(corrected_ppm.between(x.min(), x.max()).mean()),
    }
    return pd.DataFrame([row])


def held_out_error(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """RMS error of y by the straight line in x through all other points."""
    errors = []
    for left_out in range(len(x)):
        others = np.arange(len(x)) != left_out
        errors.append(y[left_out] - np.polyval(np.polyfit(x[others], y[others], 1), x[left_out]))
    return float(np.sqrt(np.mean(np.square(errors))))


def corrected(clusters: Sequence[Atoms], line: Line) -> list[Atoms]:
    """Copies of labelled clusters with the shieldings that the line gives.

    `shielding_uncorrected_ppm` keeps what was computed. Tensors are left out: the line is one of
    isotropic shieldings.
    """
    found = []
    for atoms in clusters:
        copy = atoms.copy()
        for name in TENSORS:
            copy.info.pop(name, None)
        if copy.info["status"] == "ok":
            value = float(copy.info["shielding_ppm"])
            copy.info["shielding_uncorrected_ppm"] = value
            copy.info["shielding_ppm"] = float(line(value))
        found.append(copy)
    return found


def computed_ppm(clusters: Sequence[Atoms]) -> list[float]:
    """Shieldings in ppm of the ok labels of clusters, as computed, before any correction."""
    return [
        float(atoms.info.get("shielding_uncorrected_ppm", atoms.info["shielding_ppm"]))
        for atoms in clusters
        if atoms.info["status"] == "ok"
    ]
