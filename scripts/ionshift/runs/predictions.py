"""Archived predictions of one system, taken when they agree with themselves.

`docs/archived_predictions.md` describes the columns.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.core.tables import ENVIRONMENT, SCORES
from ionshift.core.user_tables import read_user_table
from ionshift.learning.members import COLUMNS as MEMBER_COLUMNS
from ionshift.learning.members import class_means
from ionshift.solvation.classes import CLASSES, solvation_class

COUNTS = ("replica", "frame", "nucleus", "n_anion", "n_solvent", "coordination")
NEEDED = (*COUNTS, "time_ps", "shift_ppm", "solvation_class")
OPTIONAL = ("lsi_A2", "extrapolation", "shift_sd_ppm", "shielding_ppm", *SCORES)
NUMBERS = tuple(name for name in (*NEEDED, *OPTIONAL) if name != "solvation_class")
MAY_BE_NAN = ("lsi_A2", *SCORES)
NOT_NEGATIVE = ("lsi_A2", "extrapolation", "shift_sd_ppm")
TOLERANCE_PPM = 1e-3
TIME_TOLERANCE = 0.01
"""Share of the time between two frames by which one may be off."""
FORMAT = "docs/archived_predictions.md has the format"


def check_columns(path: Path, names: list[str]) -> None:
    """Raise `InputError` unless the columns of a table of predictions hold all of `NEEDED`."""
    missing = [name for name in NEEDED if name not in names]
    if not missing:
        return
    stems = {name.split("_")[0] for name in missing if "_" in name}
    similar = [name for name in names if name.split("_")[0] in stems and name not in NEEDED]
    hint = f" (it has {', '.join(similar)}: units belong to the name)" if similar else ""
    raise InputError(f"{path}: no column {', '.join(missing)}{hint}; {FORMAT}")


def read_predictions(
    path: Path, reference_ppm: float | None = None, made_with: dict | None = None
) -> pd.DataFrame:
    """A checked table of predictions with the columns NEEDED and those of OPTIONAL that it has.

    Its rows are in the order of replica, frame and nucleus, whatever that of the file.

    Parameters
    ----------
    path : Path of a Parquet or CSV file
    reference_ppm : sigma_ref in ppm to apply to `shielding_ppm`; None keeps the shifts
    made_with : configuration of the archived study, whose time between frames and sigma_ref the
        table must have; None: not known

    Raises
    ------
    InputError
        if a column is missing, a value impossible, an environment there twice, or columns
        contradict one another or the configuration.
    """
    table = read_user_table(path, numbers=NUMBERS, remedy="take it from the archive anew")
    check_columns(path, list(table.columns))
    table = table[[name for name in (*NEEDED, *OPTIONAL) if name in table]]
    if table.empty:
        raise InputError(f"{path}: no environment in it; leave its system out")
    _check_values(path, table)
    _check_environments(path, table)
    _check_times(path, table, made_with)
    _check_shieldings(path, table, made_with)
    table = table.astype(dict.fromkeys(COUNTS, "int64")).sort_values(ENVIRONMENT, ignore_index=True)
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
    for name in NOT_NEGATIVE:
        if name in table and (table[name] < 0).any():
            raise InputError(f"{path}: {name} = {table[name].min():g} is negative; {FORMAT}")


def _place(row):
    return ", ".join(f"{key} {row[key]:g}" for key in ENVIRONMENT)


def _check_environments(path, table):
    twice = table.duplicated(ENVIRONMENT)
    if twice.any():
        place = _place(table[twice].iloc[0])
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
    fewer = table["coordination"] < table["n_anion"] + table["n_solvent"]
    if fewer.any():
        row = table[fewer].iloc[0]
        raise InputError(
            f"{path}: coordination = {row['coordination']:g} beside n_anion = {row['n_anion']:g} "
            f"and n_solvent = {row['n_solvent']:g} ({_place(row)}); every molecule of the shell "
            "has a ligand atom in it"
        )


def _check_times(path, table, made_with):
    """Times rise with the frames by one step in all replicas, that of the configuration."""
    frames = table.drop_duplicates(["replica", "frame"]).sort_values(["replica", "frame"])
    steps = frames[["replica", "frame", "time_ps"]].diff()
    steps = steps[steps["replica"] == 0]
    if steps.empty:
        return
    step_ps = float((steps["time_ps"] / steps["frame"]).median())
    off_ps = (steps["time_ps"] - step_ps * steps["frame"]).abs()
    # Trajectories keep times in single precision.
    allowed_ps = TIME_TOLERANCE * abs(step_ps) + 1e-6 * frames["time_ps"].abs().max()
    if step_ps <= 0 or (off_ps > allowed_ps).any():
        row = frames.loc[off_ps.idxmax()]
        raise InputError(
            f"{path}: time_ps = {row['time_ps']:g} of frame {row['frame']:g} in replica "
            f"{row['replica']:g} does not fit the others, {step_ps:g} ps a frame; frames are "
            "shuffled or their times are wrong"
        )
    stated_ps = (made_with or {}).get("md", {}).get("frame_interval_ps")
    if stated_ps and abs(step_ps - stated_ps) > TIME_TOLERANCE * stated_ps:
        raise InputError(
            f"{path}: time_ps rises by {step_ps:g} a frame, the archive's manifest.json has "
            f"md.frame_interval_ps = {stated_ps:g}; give times in ps"
        )


def _check_shieldings(path, table, made_with):
    """Shift and shielding add to one reference shielding, that of the configuration."""
    if "shielding_ppm" not in table:
        return
    sums_ppm = table["shift_ppm"] + table["shielding_ppm"]
    middle_ppm = float(sums_ppm.median())
    off_ppm = (sums_ppm - middle_ppm).abs()
    if off_ppm.max() > TOLERANCE_PPM:
        raise InputError(
            f"{path}: shift_ppm and shielding_ppm add to {sums_ppm[off_ppm.idxmax()]:.4f} for "
            f"{_place(table.loc[off_ppm.idxmax()])} and to {middle_ppm:.4f} for others; they must "
            "add to one reference shielding"
        )
    stated_ppm = (made_with or {}).get("spectrum", {}).get("reference_shielding_ppm")
    if stated_ppm is not None and abs(middle_ppm - stated_ppm) > TOLERANCE_PPM:
        raise InputError(
            f"{path}: shift_ppm and shielding_ppm add to {middle_ppm:.4f}, the archive's "
            f"manifest.json has spectrum.reference_shielding_ppm = {stated_ppm:g}; one column was "
            "moved"
        )


def reference_of(predictions: pd.DataFrame) -> float | None:
    """The reference shielding in ppm that predictions have; None without shieldings."""
    if "shielding_ppm" not in predictions:
        return None
    return float((predictions["shift_ppm"] + predictions["shielding_ppm"]).median())


def read_members(
    path: Path | str | None, predictions: pd.DataFrame, reference_ppm: float | None = None
) -> pd.DataFrame:
    """Checked means of the committee's members, as `members.member_table`.

    Parameters
    ----------
    path : path of a CSV; None gives a table without rows, so that the model's error is unknown
    predictions : the table of `read_predictions` of the same file and reference
    reference_ppm : as in `read_predictions`; moves the members with the predictions

    Raises
    ------
    InputError
        if columns are missing or the members are not those of the predictions: in every class as
        many environments, with the same mean shift.
    """
    if path is None:
        return pd.DataFrame(columns=MEMBER_COLUMNS).astype({"shift_ppm": float})
    members = read_user_table(
        path,
        needed=MEMBER_COLUMNS,
        numbers=("member", "n_environments", "shift_ppm"),
        remedy="remove the file, or write one as in docs/archived_predictions.md",
    )
    if not np.isfinite(members[["member", "n_environments", "shift_ppm"]].to_numpy(float)).all():
        raise InputError(f"{path}: a value is missing or not finite; {FORMAT}")
    off_ppm = _off_by_class(members, predictions)
    moved = reference_ppm is not None
    move_ppm = float(np.nanmean(off_ppm)) if moved else 0.0
    if not np.nanmax(np.abs(off_ppm - move_ppm)) < TOLERANCE_PPM:
        raise InputError(
            f"{path}: the members' environments or mean shifts are not those of the predictions; "
            "take both from the same run, or remove the file"
        )
    return members[MEMBER_COLUMNS].assign(shift_ppm=members["shift_ppm"] + move_ppm)


def _off_by_class(members, predictions):
    """Mean shift of the predictions less that of the members by class (n_classes,).

    NaN where a class is absent; infinite if the members saw other environments.
    """
    groups = predictions.groupby("solvation_class")["shift_ppm"]
    counts = groups.size().sort_index()
    same = not members.duplicated(["member", "solvation_class"]).any() and all(
        part.set_index("solvation_class")["n_environments"]
        .sort_index()
        .astype("int64")
        .equals(counts)
        for _, part in members.groupby("member")
    )
    if not same or members.empty:
        return np.full(len(CLASSES), np.inf)
    return groups.mean().reindex(CLASSES).to_numpy(float) - class_means(members).mean(axis=0)
