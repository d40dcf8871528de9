"""A measured series of shifts against concentration, to be drawn beside the computed one."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.core.user_tables import read_user_table

NEEDED = ("molarity_M", "shift_ppm")
COLUMNS = ("molarity_M", "change_ppm", "change_err_ppm", "source")
SOURCE_LINE = re.compile(r"^#[ \t]*source:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)


def read_series(path: str | Path) -> pd.DataFrame:
    """A measured series from a CSV.

    It has molarity_M and shift_ppm, may have error_ppm (standard error; unknown without it), and
    names its source in a line `# source: ...` above the header or in a column `source`.

    Returns
    -------
    DataFrame with molarity_M, change_ppm and change_err_ppm, against the lowest concentration, by
    rising concentration, and source

    Raises
    ------
    InputError
        if the file cannot be read, a column or the source is missing, there are fewer than two
        concentrations or a value is not a number.
    """
    table = read_user_table(
        path,
        f"spectrum.experiment = '{path}'",
        needed=NEEDED,
        numbers=(*NEEDED, "error_ppm"),
        remedy=f"it needs {' and '.join(NEEDED)}, and may have error_ppm",
        comment="#",
    )
    text = Path(path).read_text(encoding="utf-8")
    source = _source(path, text, table)
    if "error_ppm" not in table:
        table["error_ppm"] = np.nan
    _check_values(path, table)
    table = table.sort_values("molarity_M", ignore_index=True)
    change_err_ppm = np.hypot(table["error_ppm"], table["error_ppm"].iloc[0])
    change_err_ppm[0] = 0.0
    return pd.DataFrame(
        {
            "molarity_M": table["molarity_M"],
            "change_ppm": table["shift_ppm"] - table["shift_ppm"].iloc[0],
            "change_err_ppm": change_err_ppm,
            "source": source,
        }
    )


def _source(path, text, table):
    found = SOURCE_LINE.search(text)
    if found:
        return found.group(1).strip()
    if "source" in table and table["source"].notna().all():
        return "; ".join(dict.fromkeys(table["source"].astype(str)))
    raise InputError(
        f"spectrum.experiment = '{path}' does not say where its numbers come from; add a line "
        "'# source: ...' at its top, or a column source"
    )


def _check_values(path, table):
    for name in (*NEEDED, "error_ppm"):
        values = pd.to_numeric(table[name], errors="coerce")
        if not np.isfinite(values[table[name].notna()]).all() or (
            name in NEEDED and values.isna().any()
        ):
            raise InputError(
                f"spectrum.experiment = '{path}': {name} has a value that is not a number"
            )
    if (table["molarity_M"] <= 0).any() or (table["error_ppm"] < 0).any():
        raise InputError(
            f"spectrum.experiment = '{path}': a molarity_M is not positive or an error_ppm negative"
        )
    if table["molarity_M"].nunique() < max(len(table), 2):
        raise InputError(
            f"spectrum.experiment = '{path}': changes need two concentrations at least, each once"
        )
