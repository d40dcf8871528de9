"""Tables that users supply: read whole, with the columns and the numbers that are asked for."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from ionshift.core.errors import InputError
from ionshift.core.files import write_table
from ionshift.core.tables import with_present_names


def read_user_table(
    path: str | Path,
    place: str = "",
    needed: Collection[str] = (),
    numbers: Collection[str] = (),
    remedy: str = "restore the file",
    **options: Any,
) -> pd.DataFrame:
    """Read a CSV or, by its suffix, a Parquet file, with columns under their present names.

    Parameters
    ----------
    place : begins every message, such as `spectrum.experiment = 'x.csv'`; the path if empty
    needed : columns that it must have
    numbers : columns that hold numbers, empty cells included, where they are there
    remedy : what to do about a file that cannot be read or lacks a column
    options : handed to pandas.read_csv

    Raises
    ------
    InputError
        if it cannot be read, lacks a column or holds text in place of a number.
    """
    place = place or str(path)
    try:
        if str(path).endswith(".parquet"):
            # One thread: a damaged page is an exception of the caller in every case.
            table = pyarrow.parquet.read_table(path, use_threads=False).to_pandas()
        else:
            table = pd.read_csv(path, **options)
    except (OSError, ValueError, pa.ArrowException) as error:
        text = " ".join(str(error).split())
        raise InputError(f"{place} cannot be read ({text}); {remedy}") from None
    table = with_present_names(table)
    missing = [name for name in needed if name not in table]
    if missing:
        raise InputError(f"{place}: no column {', '.join(missing)}; {remedy}")
    for name in numbers:
        if name in table:
            table[name] = _as_numbers(place, table[name])
    return table


def write_optional(
    read: Callable[[str], pd.DataFrame],
    source: str | None,
    columns: Collection[str],
    target: str | Path,
) -> int:
    """Write what `read` makes of a file that a study may have; without one a table of no rows.

    Parameters
    ----------
    source : path of the file; empty without one
    columns : of the table without rows

    Returns
    -------
    number of rows
    """
    table = read(str(source)) if source else pd.DataFrame(columns=list(columns))
    write_table(table, target)
    return len(table)


def _as_numbers(place, column):
    if is_numeric_dtype(column) and not is_bool_dtype(column):
        return column
    values = pd.to_numeric(column, errors="coerce")
    if column.notna().any():
        text = (values.isna() & column.notna()).to_numpy()
        row = int(np.argmax(text if text.any() else column.notna().to_numpy()))
        raise InputError(
            f"{place}: {column.name} holds text, '{column.iloc[row]}' in row {row + 1}; it must "
            "hold numbers"
        )
    return values
