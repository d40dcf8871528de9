"""A quick look that most tables pass: is a table certainly as declared?

Pandera answers the same question with the place of the fault. Its import costs half a second of
every job, and its checks take twice as long as reading a million rows; so it is asked only about
tables that this look leaves in doubt. A test holds that what passes here passes there.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_bool_dtype, is_numeric_dtype

if TYPE_CHECKING:
    from ionshift.core.schemas import Column, Table

ROUNDING = 1e-9
"""By which a number may leave its range."""


def is_sound(table: pd.DataFrame, declared: "Table") -> bool:
    """True if nothing is wrong in a table; False leaves it open."""
    known = {column.name: column for column in declared.columns if not column.is_pattern}
    needed = {name for name, column in known.items() if not column.optional}
    names = set(table.columns)
    if not (needed <= names <= set(known)) or len(names) != len(table.columns):
        return False
    return all(_is_sound(table[name], known[name]) for name in names) and _rows_differ(
        table, declared.key
    )


def _is_sound(values: pd.Series, column: "Column") -> bool:
    missing = int(values.isna().sum()) if values.dtype.kind not in "iub" else 0
    if missing and not column.nullable:
        return False
    if missing == len(values):
        return True
    if column.kind in ("number", "whole number"):
        return is_numeric_dtype(values) and not is_bool_dtype(values) and _in_range(values, column)
    if column.kind == "text":
        is_text = infer_dtype(values, skipna=True) == "string"
        return is_text and (not column.values or set(values.dropna().unique()) <= {*column.values})
    if column.kind == "list of numbers":
        return all(is_list_of_numbers(value) for value in values.dropna())
    return is_bool_dtype(values)


def is_list_of_numbers(value: object) -> bool:
    """Whether a cell of a Parquet file holds a list of numbers."""
    return isinstance(value, list | tuple | np.ndarray) and np.asarray(value).dtype.kind in "iuf"


def _in_range(values: pd.Series, column: "Column") -> bool:
    array = values.to_numpy()
    if column.kind == "whole number" and array.dtype.kind == "f":
        known = array[~np.isnan(array)]
        if not (known == np.floor(known)).all():
            return False
    low, high = np.fmin.reduce(array), np.fmax.reduce(array)
    return (
        (column.infinite or bool(np.isfinite([low, high]).all()))
        and (column.least is None or bool(low >= column.least - ROUNDING))
        and (column.above is None or bool(low > column.above))
        and (column.most is None or bool(high <= column.most + ROUNDING))
    )


def _rows_differ(table: pd.DataFrame, key: tuple[str, ...]) -> bool:
    return not key or _rises(table, key) or not table.duplicated(list(key)).any()


def _rises(table: pd.DataFrame, key: tuple[str, ...]) -> bool:
    """Whether every row has a higher key than the one before, as tables of environments have."""
    if not all(table[name].dtype.kind in "iu" for name in key):
        return False
    higher, equal = np.zeros(len(table) - 1, bool), np.ones(len(table) - 1, bool)
    for name in key:
        values = table[name].to_numpy()
        higher |= equal & (values[1:] > values[:-1])
        equal &= values[1:] == values[:-1]
    return bool(higher.all())
