"""Train a model of any nucleus on an extxyz file and write it with its measured errors."""

import math
import re
from pathlib import Path

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.learning.extxyz import train_from_extxyz

UNIT = r"[A-Za-z0-9_]+"
"""A unit that can end the name of a column."""


def main(
    data: Path,
    folder: Path,
    target: str,
    unit: str | None,
    nucleus: str | None,
    radius_A: float | None,
    group: str | None,
    recipe: str,
    descriptor: str,
    target_rmse: float | None = None,
) -> None:
    """Write committee.pt, metrics.csv, parity.csv and learning_curve.csv into `folder`."""
    _check(data, folder, unit, radius_A)
    if target_rmse is not None and not (math.isfinite(target_rmse) and target_rmse > 0):
        raise InputError(f"--target-rmse {target_rmse:g}: takes an error above 0")
    committee, study = train_from_extxyz(
        str(data),
        target=target,
        unit=unit,
        nucleus=nucleus,
        radius_A=radius_A,
        group=group,
        model=Model(recipe=recipe, target_rmse_ppm=target_rmse),
        descriptor=Descriptor(kind=descriptor),
    )
    committee.save(folder / "committee.pt")
    for name, table in vars(study).items():
        with atomic_path(folder / f"{name}.csv") as path:
            table.to_csv(path, index=False)
    print(study.metrics.to_string(index=False, float_format="%.3f"))


def _check(data: Path, folder: Path, unit: str | None, radius_A: float | None) -> None:
    """What would end the training after its first minutes, or its writing, ends it here."""
    if not data.is_file():
        raise InputError(f"{data}: no such file; give an extxyz file")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, not a folder; name a folder for the model")
    if radius_A is not None and not (math.isfinite(radius_A) and radius_A > 0):
        raise InputError(f"--radius-A {radius_A:g}: takes a length above 0")
    if unit is not None and not re.fullmatch(UNIT, unit):
        raise InputError(f"--unit '{unit}': takes letters, digits and _, as in ppm or kHz")
