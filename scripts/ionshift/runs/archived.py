"""Archived predictions: the tables of another study, checked, in place of everything before them.

The folder has the layout of a finished study's results; `docs/archived_predictions.md` describes
the files.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from pandas.api.types import is_numeric_dtype

from ionshift.core.errors import InputError
from ionshift.core.tables import EARLIER_NAMES, ENVIRONMENT, SCORES, with_present_names
from ionshift.learning.members import COLUMNS as MEMBER_COLUMNS
from ionshift.learning.members import means
from ionshift.solvation.classes import CLASSES, solvation_class

COUNTS = ("replica", "frame", "nucleus", "n_anion", "n_solvent", "coordination")
NEEDED = (*COUNTS, "time_ps", "shift_ppm", "solvation_class")
OPTIONAL = ("lsi_A2", "extrapolation", "shift_sd_ppm", "shielding_ppm", *SCORES)
MAY_BE_NAN = ("lsi_A2", *SCORES)
TOLERANCE_PPM = 1e-3


def prediction_file(folder, system):
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


def member_files(folder, systems):
    """Paths of the members' means by system; empty unless every system has them."""
    found = _existing(folder / f"predictions/{system}_members.csv" for system in systems)
    return dict(zip(systems, found, strict=True)) if found else {}


def molarity_file(folder):
    """Path of the table of molarities."""
    return folder / "tables" / "md.csv"


def symmetry_files(folder, systems):
    """Paths of the symmetry of the shells, as text; none unless every system has them."""
    return _existing(folder / f"shell/symmetry_{system}.parquet" for system in systems)


def variance_file(folder):
    """Path of the variance along the principal axes, as a list of texts, empty without it."""
    return _existing([folder / "tables" / "pca_variance.csv"])


def _existing(paths):
    paths = list(paths)
    return [str(path) for path in paths if all(one.is_file() for one in paths)]


def files(folder, systems):
    """The files that a study reads from an archive."""
    return [
        *(prediction_file(folder, system) for system in systems),
        molarity_file(folder),
        *map(Path, member_files(folder, systems).values()),
        *map(Path, symmetry_files(folder, systems)),
        *map(Path, variance_file(folder)),
    ]


def check(folder, systems, study):
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
        _check_columns(path, _columns(path))
    _check_same_members(member_files(folder, systems))


def _check_same_members(paths):
    tables = {system: pd.read_csv(path) for system, path in paths.items()}
    members = {system: set(table.get("member", ())) for system, table in tables.items()}
    first = next(iter(members), None)
    for system, found in members.items():
        if found != members[first]:
            raise InputError(
                f"{paths[system]}: other members ({len(found)}) than in {paths[first]} "
                f"({len(members[first])}); all systems must be predicted by one committee"
            )


def columns(folder, systems):
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


def _check_columns(path, names):
    missing = [name for name in NEEDED if name not in names]
    if not missing:
        return
    stems = {name.split("_")[0] for name in missing if "_" in name}
    similar = [name for name in names if name.split("_")[0] in stems and name not in NEEDED]
    hint = f" (it has {', '.join(similar)}: units belong to the name)" if similar else ""
    raise InputError(
        f"{path}: no column {', '.join(missing)}{hint}; docs/archived_predictions.md has the format"
    )


def read_predictions(path, reference_ppm=None):
    """A checked table of predictions with the columns NEEDED and those of OPTIONAL that it has.

    Parameters
    ----------
    path : Path of a Parquet or CSV file
    reference_ppm : sigma_ref in ppm to apply to `shielding_ppm`; None keeps the shifts

    Raises
    ------
    InputError
        if a column is missing, a value impossible or an environment there twice.
    """
    names = _columns(path)
    _check_columns(path, names)
    wanted = [name for name in (*NEEDED, *OPTIONAL) if name in names]
    read = pd.read_csv if path.suffix == ".csv" else pd.read_parquet
    table = with_present_names(read(path))[wanted]
    if table.empty:
        raise InputError(f"{path}: no environment in it; leave its system out")
    _check_values(path, table)
    _check_environments(path, table)
    table = table.astype(dict.fromkeys(COUNTS, "int64"))
    if "extrapolation" not in table:
        table["extrapolation"] = np.nan
    if reference_ppm is None:
        return table
    if "shielding_ppm" not in table:
        raise InputError(
            f"spectrum.reference_shielding_ppm = {reference_ppm:g}, but {path} has no "
            "shielding_ppm to refer to it; leave the key out"
        )
    return table.assign(shift_ppm=reference_ppm - table["shielding_ppm"])


def _check_values(path, table):
    for name in table.columns.drop("solvation_class"):
        if not is_numeric_dtype(table[name]):
            raise InputError(f"{path}: {name} holds text; it must hold numbers")
        values = table[name].to_numpy(float)
        allowed = np.isfinite(values) | (np.isnan(values) if name in MAY_BE_NAN else False)
        if not allowed.all():
            row = int(np.argmin(allowed))
            raise InputError(
                f"{path}: {name} = {values[row]:g} in row {row + 1}; leave out environments "
                "without a prediction"
            )
    for name in COUNTS:
        bad = (table[name] < 0) | (table[name] % 1 != 0)
        if bad.any():
            raise InputError(
                f"{path}: {name} = {table.loc[bad, name].iloc[0]:g}; it must count from 0"
            )


def _check_environments(path, table):
    twice = table.duplicated(ENVIRONMENT)
    if twice.any():
        place = ", ".join(f"{key} {table.loc[twice, key].iloc[0]}" for key in ENVIRONMENT)
        raise InputError(f"{path}: {place} is there more than once; keep one row of each")
    if (table.groupby(["replica", "frame"])["time_ps"].nunique() > 1).any():
        raise InputError(f"{path}: a frame has more than one time_ps; give the time of each frame")
    expected = table["n_anion"].map(lambda n_anion: solvation_class(n_anion))
    wrong = table["solvation_class"] != expected
    if wrong.any():
        row = table[wrong].iloc[0]
        raise InputError(
            f"{path}: solvation_class = '{row['solvation_class']}' beside n_anion = "
            f"{row['n_anion']:g}; classes are "
            f"{', '.join(CLASSES)} for 0, 1, 2 to 3 and more anions"
        )


def read_members(path, predictions, reference_ppm=None):
    """Checked means of the committee's members, as `members.member_table`.

    Parameters
    ----------
    path : path of a CSV; None gives a table without rows, so that the model's error is unknown
    predictions : the table of `read_predictions` of the same file and reference
    reference_ppm : as in `read_predictions`; moves the members with the predictions

    Raises
    ------
    InputError
        if columns are missing or the members are not those of the predictions.
    """
    if path is None:
        return pd.DataFrame(columns=MEMBER_COLUMNS).astype({"shift_ppm": float})
    members = with_present_names(pd.read_csv(path))
    missing = [name for name in MEMBER_COLUMNS if name not in members]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; remove the file, or write one as in "
            "docs/archived_predictions.md"
        )
    counts = predictions["solvation_class"].value_counts()
    same = all(
        part.set_index("solvation_class")["n_environments"].sort_index().equals(counts.sort_index())
        for _, part in members.groupby("member")
    )
    shift = predictions["shift_ppm"].mean() - means(members).mean() if same else np.nan
    moved = reference_ppm is not None
    if not same or not (moved or abs(shift) < TOLERANCE_PPM):
        raise InputError(
            f"{path}: the members' environments or mean shift are not those of the predictions; "
            "take both from the same run, or remove the file"
        )
    return members[MEMBER_COLUMNS].assign(shift_ppm=members["shift_ppm"] + (shift if moved else 0))


def read_molarities(path, systems):
    """Table with system and molarity_M of the systems.

    Raises
    ------
    InputError
        if the file, a column or a system is missing or a molarity is not positive.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; it must give system and molarity_M")
    table = pd.read_csv(path)
    for name in ("system", "molarity_M"):
        if name not in table:
            raise InputError(f"{path}: no column {name}; it must give system and molarity_M")
    table = table[table["system"].isin(systems)]
    missing = [system for system in systems if system not in set(table["system"])]
    if missing:
        raise InputError(f"{path}: no row for the system {', '.join(missing)}; add its molarity_M")
    if not (table["molarity_M"] > 0).all():
        raise InputError(f"{path}: a molarity_M is not a positive number; correct it")
    return table
