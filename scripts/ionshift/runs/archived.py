"""Archived predictions: the tables of another study, checked, in place of everything before them.

The folder has the layout of a finished study's results; `docs/archived_predictions.md` describes
the files.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from ionshift.core import schemas
from ionshift.core.errors import InputError
from ionshift.core.tables import EARLIER_NAMES, ENVIRONMENT
from ionshift.core.user_tables import read_user_table
from ionshift.runs.predictions import (
    TOLERANCE_PPM,
    check_columns,
    read_members,
    read_predictions,
    reference_of,
)

AGAIN = "take it from the archive anew"


def prediction_file(folder: Path, system: str) -> Path:
    """Path of the predictions of a system, Parquet or CSV.

    Raises
    ------
    InputError
        if there is none.
    """
    stem = folder / "predictions" / system
    for suffix in (".parquet", ".csv"):
        path = stem.with_name(stem.name + suffix)
        if path.is_file():
            return path
    found = ", ".join(sorted(path.name for path in stem.parent.glob("*"))) or "nothing"
    raise InputError(
        f"inference.archive = '{folder}': no predictions/{system}.parquet or .csv for the system "
        f"{system} (predictions holds {found}); add it, or name only systems that are there"
    )


def member_files(folder: Path, systems: Sequence[str]) -> dict[str, str]:
    """Paths of the members' means by system; empty unless every system has them."""
    found = _existing(folder / f"predictions/{system}_members.csv" for system in systems)
    return dict(zip(systems, found, strict=True)) if found else {}


def molarity_file(folder: Path) -> Path:
    """Path of the table of molarities."""
    return folder / "tables" / "md.csv"


def symmetry_files(folder: Path, systems: Sequence[str]) -> list[str]:
    """Paths of the symmetry of the shells, as text; none unless every system has them."""
    return _existing(folder / f"shell/symmetry_{system}.parquet" for system in systems)


def variance_file(folder: Path) -> list[str]:
    """Path of the variance along the principal axes, as a list of texts, empty without it."""
    return _existing([folder / "tables" / "pca_variance.csv"])


def _existing(paths):
    paths = list(paths)
    return [str(path) for path in paths if all(one.is_file() for one in paths)]


def files(folder: Path, systems: Sequence[str]) -> list[Path]:
    """The files that a study reads from an archive."""
    return [
        *(prediction_file(folder, system) for system in systems),
        molarity_file(folder),
        *map(Path, member_files(folder, systems).values()),
        *map(Path, symmetry_files(folder, systems)),
        *map(Path, variance_file(folder)),
        *map(Path, manifest_file(folder)),
    ]


def check(folder: Path, systems: Sequence[str], study: Path) -> None:
    """Raise `InputError` unless the archive is another study's and has what is needed.

    Looks at the files' names and columns; their contents are checked when they are taken over.
    """
    if not folder.is_dir():
        raise InputError(
            f"inference.archive = '{folder}': no such folder; unpack the archive and give the "
            "folder of its study, such as results/demo"
        )
    if folder.resolve() == study.resolve():
        raise InputError(
            f"inference.archive = '{folder}' is where this study's own results go; choose another "
            "name for the key study"
        )
    read_molarities(molarity_file(folder), systems)
    for system in systems:
        path = prediction_file(folder, system)
        check_columns(path, _columns(path))
    _check_same_members(member_files(folder, systems))


def _check_same_members(paths):
    tables = {system: read_user_table(path, remedy=AGAIN) for system, path in paths.items()}
    members = {system: set(table.get("member", ())) for system, table in tables.items()}
    first = next(iter(members), None)
    for system, found in members.items():
        if found != members[first]:
            raise InputError(
                f"{paths[system]}: other members ({len(found)}) than in {paths[first]} "
                f"({len(members[first])}); all systems must be predicted by one committee"
            )


def columns(folder: Path, systems: Sequence[str]) -> set[str]:
    """Names of the columns that the predictions of all systems have."""
    return set.intersection(*(set(_columns(prediction_file(folder, one))) for one in systems))


def _columns(path):
    try:
        if path.suffix == ".csv":
            names = list(pd.read_csv(path, nrows=0).columns)
        else:
            names = pyarrow.parquet.read_schema(path).names
        return [EARLIER_NAMES.get(name, name) for name in names]
    except (OSError, ValueError, pa.ArrowInvalid) as error:
        raise InputError(
            f"{path} cannot be read ({error}); take it from the archive anew"
        ) from None


def manifest_file(folder: Path) -> list[str]:
    """Path of the archive's manifest, as a list of texts, empty without it."""
    return _existing([folder / "manifest.json"])


def configuration(paths: Sequence[str | Path]) -> dict[str, Any] | None:
    """Configuration of the archived study from `manifest_file`; None if it has none."""
    if not paths:
        return None
    path = Path(paths if isinstance(paths, str) else next(iter(paths)))
    try:
        found = json.loads(path.read_text())["config"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: cannot be read ({error!r}); {AGAIN}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: its config is no mapping; {AGAIN}")
    return found


VARIANCE_COLUMNS = ("component", "explained_share")


def read_variance(path: str | Path) -> pd.DataFrame:
    """Explained shares of the principal axes, a checked CSV with `VARIANCE_COLUMNS`."""
    table = read_user_table(
        path, needed=VARIANCE_COLUMNS, numbers=VARIANCE_COLUMNS[1:], remedy=AGAIN
    )
    return schemas.named("pca_variance").known(table)


def read_symmetry(path: str | Path) -> pd.DataFrame:
    """Symmetry of the shells of all environments, a checked Parquet file."""
    return read_user_table(path, needed=ENVIRONMENT, numbers=ENVIRONMENT, remedy=AGAIN)


def check_contents(folder: Path, systems: Sequence[str]) -> None:
    """Raise `InputError` unless all files that a study takes from an archive are whole and agree.

    Reads every file to its end; `check` looks at names and columns alone.
    """
    made_with = configuration(manifest_file(folder))
    members, first = member_files(folder, systems), None
    for system in systems:
        path = prediction_file(folder, system)
        table = read_predictions(path, made_with=made_with)
        read_members(members.get(system), table)
        reference_ppm = reference_of(table)
        first = first or (path, reference_ppm)
        if reference_ppm is None or first[1] is None:
            continue
        if abs(reference_ppm - first[1]) > TOLERANCE_PPM:
            raise InputError(
                f"{path}: shift_ppm and shielding_ppm add to {reference_ppm:.4f}, those of "
                f"{first[0]} to {first[1]:.4f}; all systems must have one reference shielding"
            )
    for variance in variance_file(folder):
        read_variance(variance)
    for symmetry in symmetry_files(folder, systems):
        read_symmetry(symmetry)


def read_molarities(path: Path, systems: Sequence[str]) -> pd.DataFrame:
    """Table with system and molarity_M of the systems.

    Raises
    ------
    InputError
        if the file, a column or a system is missing or a molarity is not positive.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; it must give system and molarity_M")
    table = read_user_table(
        path,
        needed=("system", "molarity_M"),
        numbers=("molarity_M",),
        remedy="it must give system and molarity_M",
        dtype={"system": str},
    )
    table = table[table["system"].isin(systems)]
    missing = [system for system in systems if system not in set(table["system"])]
    if missing:
        raise InputError(f"{path}: no row for the system {', '.join(missing)}; add its molarity_M")
    if not (table["molarity_M"] > 0).all():
        raise InputError(f"{path}: a molarity_M is not a positive number; correct it")
    return table
