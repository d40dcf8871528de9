"""Train a model of any nucleus on an extxyz file and write it with its measured errors."""

from pathlib import Path

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.learning.extxyz import train_from_extxyz


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
) -> None:
    """Write committee.pt, metrics.csv, parity.csv and learning_curve.csv into `folder`."""
    if not data.is_file():
        raise InputError(f"{data}: no such file; give an extxyz file")
    committee, study = train_from_extxyz(
        str(data),
        target=target,
        unit=unit,
        nucleus=nucleus,
        radius_A=radius_A,
        group=group,
        model=Model(recipe=recipe),
        descriptor=Descriptor(kind=descriptor),
    )
    committee.save(folder / "committee.pt")
    for name, table in vars(study).items():
        with atomic_path(folder / f"{name}.csv") as path:
            table.to_csv(path, index=False)
    print(study.metrics.to_string(index=False, float_format="%.3f"))
