"""Predict the nuclei of an extxyz file with a trained model and write a table."""

from pathlib import Path

import numpy as np

from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.learning.committee import Committee
from ionshift.learning.predicting import predict_extxyz


def main(model: Path, data: Path, table: Path) -> None:
    """Write the table (CSV) and say how many lie outside, and the error where it is known."""
    for path, what in ((model, "committee.pt of a training"), (data, "extxyz file")):
        if not path.is_file():
            raise InputError(f"{path}: no such file; give the {what}")
    committee = Committee.load(model)
    predicted = predict_extxyz(data, committee)
    with atomic_path(table) as temporary:
        predicted.to_csv(temporary, index=False)
    outside = int((predicted["extrapolation"] > 1).sum())
    print(f"{table}: {len(predicted)} nuclei, {outside} outside of what the model has seen")
    error = committee.quantity.column(f"error_{committee.quantity.name}")
    if error in predicted:
        errors = predicted[error].dropna()
        rmse = float(np.sqrt(np.mean(errors**2)))
        print(f"against {len(errors)} labels: RMSE {rmse:.4g}, bias {errors.mean():.4g}")
