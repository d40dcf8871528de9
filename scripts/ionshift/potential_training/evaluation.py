"""Errors of trained potentials against reference labels, as tidy tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.potential_training.frames import ENERGY, FORCES

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import BaseCalculator

COMMITTEE = "committee"
UNITS = {"energy": "meV/atom", "force": "meV/A"}
ALL = "all"
SAMPLE = 4000


@dataclass(frozen=True)
class Predictions:
    """Energies (n,) in eV and one force array (n_atoms, 3) in eV/A a frame, by one potential."""

    energy_eV: np.ndarray
    forces_eV_A: list


def predict(calculator: BaseCalculator, frames: Sequence[Atoms]) -> Predictions:
    """Energies and forces of frames by an ASE calculator."""
    energies, forces = [], []
    for frame in frames:
        atoms = frame.copy()
        atoms.calc = calculator
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
    return Predictions(np.array(energies), forces)


def committee_of(predictions: Sequence[Predictions]) -> Predictions:
    """The mean of several `Predictions`."""
    by_frame = zip(*(one.forces_eV_A for one in predictions), strict=True)
    return Predictions(
        np.mean([one.energy_eV for one in predictions], axis=0),
        [np.mean(forces, axis=0) for forces in by_frame],
    )


def metrics(
    frames: Sequence[Atoms],
    parts: Mapping[Any, NDArray[np.integer]],
    predictions: Mapping[Any, Predictions],
) -> pd.DataFrame:
    """Mean absolute and root-mean-square errors by part, model, quantity and element.

    Parameters
    ----------
    frames : labelled frames
    parts : dict of a part's name to indices of frames
    predictions : dict of a model's name to `Predictions` of all frames

    Returns
    -------
    DataFrame: part, model, quantity (energy, force), element (all or a symbol), n, mae, rmse,
    reference_sd (spread of the reference itself), unit (meV/atom or meV/A, a component)
    """
    rows = []
    for part, index in parts.items():
        for model, predicted in predictions.items():
            table = _values(frames, index, predicted)
            for (quantity, element), values in _with_all(table):
                error = values["predicted"] - values["reference"]
                rows.append(
                    {
                        "part": part,
                        "model": model,
                        "quantity": quantity,
                        "element": element,
                        "n": len(error),
                        "mae": error.abs().mean(),
                        "rmse": np.sqrt((error**2).mean()),
                        "reference_sd": values["reference"].std(ddof=0),
                        "unit": UNITS[quantity],
                    }
                )
    return pd.DataFrame(rows)


def _with_all(table):
    """Groups by quantity and element, and each quantity's over all elements."""
    yield from ((key, part) for key, part in table.groupby(["quantity", "element"]))
    forces = table[table["quantity"] == "force"]
    yield ("force", ALL), forces


def _values(frames, index, predicted):
    """Long table of reference and predicted values of some frames, in meV."""
    chosen = [frames[i] for i in index]
    sizes = np.array([len(atoms) for atoms in chosen])
    energy = pd.DataFrame(
        {
            "quantity": "energy",
            "element": ALL,
            "frame_id": [atoms.info["frame_id"] for atoms in chosen],
            "reference": [1000 * atoms.info[ENERGY] for atoms in chosen] / sizes,
            "predicted": 1000 * predicted.energy_eV[index] / sizes,
        }
    )
    symbols = np.concatenate([np.array(atoms.get_chemical_symbols()) for atoms in chosen])
    force = pd.DataFrame(
        {
            "quantity": "force",
            "element": np.repeat(symbols, 3),
            "frame_id": np.repeat(energy["frame_id"], 3 * sizes).to_numpy(),
            "reference": 1000 * np.concatenate([a.arrays[FORCES].ravel() for a in chosen]),
            "predicted": 1000 * np.concatenate([predicted.forces_eV_A[i].ravel() for i in index]),
        }
    )
    return pd.concat([energy, force], ignore_index=True)


def errors_by_round(
    frames: Sequence[Atoms],
    parts: Mapping[str, NDArray[np.integer]],
    committees: Sequence[Predictions],
) -> pd.DataFrame:
    """Test errors of every round's committee on the frames that every round added.

    Parameters
    ----------
    frames : labelled frames of all rounds (`round` in info; 0 without it)
    parts : what `training.split` returned for them
    committees : list of `Predictions` of all frames, one a round

    Returns
    -------
    DataFrame: model_round, n_train, test_round, n_test, energy_rmse_meV_atom, force_rmse_meV_A
    """
    number = np.array([atoms.info.get("round", 0) for atoms in frames])
    test = {one: parts["test"][number[parts["test"]] == one] for one in np.unique(number)}
    test = {one: index for one, index in test.items() if len(index)}
    errors = metrics(frames, test, dict(enumerate(committees)))
    wide = errors[errors["element"] == ALL].pivot(
        index=["model", "part"], columns="quantity", values="rmse"
    )
    return pd.DataFrame(
        [
            {
                "model_round": model,
                "n_train": int(np.sum(number[parts["train"]] <= model)),
                "test_round": part,
                "n_test": len(test[part]),
                "energy_rmse_meV_atom": row["energy"],
                "force_rmse_meV_A": row["force"],
            }
            for (model, part), row in wide.iterrows()
        ]
    )


def parity(
    frames: Sequence[Atoms],
    parts: Mapping[str, NDArray[np.integer]],
    predicted: Predictions,
    seed: int = 1,
) -> pd.DataFrame:
    """All energies and a random sample of force components, as drawn in the parity figure.

    Energies are relative to the mean of the frames' reference.

    Returns
    -------
    DataFrame: part, quantity, element, frame_id, reference, predicted (meV/atom or meV/A)
    """
    tables = []
    for part, index in parts.items():
        values = _values(frames, index, predicted)
        force = values[values["quantity"] == "force"]
        sample = force.sample(min(SAMPLE, len(force)), random_state=seed)
        energy = values[values["quantity"] == "energy"]
        tables.append(pd.concat([energy, sample]).assign(part=part))
    table = pd.concat(tables, ignore_index=True)
    is_energy = table["quantity"] == "energy"
    middle = table.loc[is_energy, "reference"].mean()
    table.loc[is_energy, ["reference", "predicted"]] -= middle
    return table[["part", "quantity", "element", "frame_id", "reference", "predicted"]]


def learning_curve(table: pd.DataFrame, n_train: Mapping[str, int]) -> pd.DataFrame:
    """Test errors against the number of training frames.

    Parameters
    ----------
    table : what `metrics` returned
    n_train : dict of a model's name to its number of training frames

    Returns
    -------
    DataFrame: model, n_train, energy_rmse_meV_atom, force_rmse_meV_A
    """
    test = table[(table["part"] == "test") & (table["element"] == ALL)]
    wide = test.pivot(index="model", columns="quantity", values="rmse")
    curve = pd.DataFrame(
        {
            "n_train": pd.Series(n_train),
            "energy_rmse_meV_atom": wide["energy"],
            "force_rmse_meV_A": wide["force"],
        }
    )
    curve.index.name = "model"
    return curve.dropna().sort_values("n_train").reset_index()
