"""What a trained model says of the nuclei of an extxyz file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase.data import atomic_numbers
from numpy.typing import NDArray

from ionshift.config.descriptor import Descriptor
from ionshift.core.errors import InputError
from ionshift.descriptors.registry import Geometries, make_descriptor
from ionshift.labels.checks import check_atom_columns
from ionshift.labels.sets import read_frames
from ionshift.learning.committee import Committee
from ionshift.learning.extxyz import environments, targets_of
from ionshift.learning.motifs import UNKNOWN, Motifs


def predict_extxyz(path: str | Path, committee: Committee) -> pd.DataFrame:
    """Predict every nucleus of a file, and compare where the file holds its target.

    A model of `train_from_extxyz` is asked for all atoms of its element, cut as in its training;
    a model of a study's clusters for the first atom of every frame.

    Returns
    -------
    DataFrame with entry, atom, the property, its standard deviation (`.._sd_..`), extrapolation
    (above 1: outside of what the model has seen; `motifs.UNKNOWN`: an element or a molecule that
    no label holds, whose prediction is NaN if it is an element), and, where the file has the
    target, it (`label_..`) and the error of the prediction

    Raises
    ------
    InputError
        if the file is damaged, has no nucleus of the model's element, or is periodic where the
        model takes whole frames.
    """
    trained = committee.metadata
    origin, numbers, positions_A, targets = [], [], [], []
    for entry, frame in enumerate(read_frames(path)):
        place = f"{path}, entry {entry}"
        check_atom_columns(place, frame)
        radius_A = trained.get("radius_A")
        if frame.pbc.any() and radius_A is None:
            raise InputError(
                f"{place} is periodic, but the model knows whole clusters; cut them out"
            )
        values = targets_of(place, frame, trained.get("target", committee.quantity.target))
        for atom, (near, at_A) in environments(frame, _nuclei(frame, trained), radius_A):
            origin.append((entry, int(atom)))
            numbers.append(frame.numbers[near])
            positions_A.append(at_A)
            targets.append(values[atom])
    if not origin:
        raise InputError(f"{path} has no {trained['nucleus']}, the nucleus of the model")
    table = pd.DataFrame(origin, columns=["entry", "atom"])
    return _with_errors(table.join(_predict(numbers, positions_A, committee)), targets, committee)


def _nuclei(frame, trained):
    """Indices of the nuclei: of an element, or the first atom of a cluster."""
    if trained.get("nucleus") is None:
        return [0]
    return np.flatnonzero(np.asarray(frame.symbols) == trained["nucleus"])


def _predict(
    numbers: Sequence[NDArray[np.integer]],
    positions_A: Sequence[NDArray[np.float64]],
    committee: Any,
) -> pd.DataFrame:
    trained = committee.metadata
    known = [atomic_numbers[symbol] for symbol in trained["species"]]
    asked = np.flatnonzero([np.isin(own, known).all() for own in numbers])
    value, spread = np.full((2, len(numbers)), np.nan)
    extrapolation = np.full(len(numbers), UNKNOWN)
    if len(asked):
        rows = asked.tolist()
        geometries = Geometries.join([numbers[i] for i in rows], [positions_A[i] for i in rows])
        descriptor = make_descriptor(Descriptor(**trained["descriptor"]), trained["species"])
        features = descriptor.describe(geometries)
        value[asked], spread[asked] = committee.predict(features)
        extrapolation[asked] = committee.extrapolation(features)
        if trained.get("motifs") is not None:
            extrapolation[asked[Motifs(trained["motifs"]).unknown(geometries)]] = UNKNOWN
    quantity = committee.quantity
    names = (quantity.target, quantity.column(f"{quantity.name}_sd"), "extrapolation")
    return pd.DataFrame(dict(zip(names, (value, spread, extrapolation), strict=True)))


def _with_errors(table, targets, committee):
    targets = np.array(targets, float)
    if not np.isfinite(targets).any():
        return table
    quantity = committee.quantity
    label, error = (quantity.column(f"{word}_{quantity.name}") for word in ("label", "error"))
    return table.assign(**{label: targets, error: table[quantity.target] - targets})
