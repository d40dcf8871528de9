"""The tables of `ionshift.core.schemas` as pandera's schemas, and what pandera finds in words."""

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandas.api.types import infer_dtype, is_bool_dtype, is_numeric_dtype
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors

from ionshift.core.sound_tables import ROUNDING, is_list_of_numbers

if TYPE_CHECKING:
    from ionshift.core.schemas import Column, Table


def schema(table: "Table") -> pa.DataFrameSchema:
    """The pandera schema of a table: unknown columns and rows of one key twice are errors."""
    return pa.DataFrameSchema(
        {
            _pattern(column): pa.Column(
                checks=_checks(column),
                nullable=column.nullable,
                required=not (column.optional or column.is_pattern),
                regex=column.is_pattern,
            )
            for column in table.columns
        },
        strict=True,
        unique=list(table.key) or None,
    )


def fault(table: pd.DataFrame, declared: "Table") -> str:
    """The first fault that pandera finds in a table; empty without one."""
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        return f"column {twice[0]} is there twice"
    if not isinstance(table.index, pd.RangeIndex):
        table = table.reset_index(drop=True)
    try:
        schema(declared).validate(table, inplace=True)
    except SchemaErrors as errors:  # those of the columns' names come together
        return _words(errors.schema_errors[0], table, declared)
    except SchemaError as error:
        return _words(error, table, declared)
    return ""


def _pattern(column):
    return f"^(?:{column.name})$" if column.is_pattern else column.name


def _checks(column):
    kind = {
        "number": pa.Check(_are_numbers, error="is not a number"),
        "whole number": pa.Check(_are_whole, error="is not a whole number"),
        "text": pa.Check(_are_texts, error="is not text"),
        "true or false": pa.Check(_are_flags, error="is neither true nor false"),
        "list of numbers": pa.Check(_are_lists, error="is not a list of numbers"),
    }[column.kind]
    checks = [kind]
    if column.kind in ("number", "whole number") and not column.infinite:
        checks.append(pa.Check(_are_finite, error="is not finite"))
    if column.values:
        known = frozenset(column.values)
        checks.append(pa.Check(lambda values: values.isin(known), error=f"is not {column.limits}"))
    elif column.limits:
        checks.append(pa.Check(_inside(column), error=f"is not {column.limits}"))
    return checks


def _are_numbers(values):
    if is_numeric_dtype(values) and not is_bool_dtype(values):
        return True
    # One text makes texts of all numbers of a CSV's column: the one that is none is the fault.
    readable = pd.to_numeric(values, errors="coerce").notna()
    if not readable.all():
        return readable
    return values.map(lambda one: isinstance(one, (int, float)) and not isinstance(one, bool))


def _are_whole(values):
    if is_numeric_dtype(values) and not is_bool_dtype(values):
        return True if values.dtype.kind in "iu" else values % 1 == 0
    return _are_numbers(values)


def _are_texts(values):
    if infer_dtype(values, skipna=True) in ("string", "empty"):
        return True
    return values.map(lambda one: isinstance(one, str))


def _are_flags(values):
    if is_bool_dtype(values):
        return True
    return values.map(lambda one: isinstance(one, (bool, np.bool_)))


def _are_lists(values):
    return values.map(is_list_of_numbers)


def _are_finite(values):
    return pd.Series(np.isfinite(values.to_numpy(float)), index=values.index)


def _inside(column: "Column") -> Callable[[pd.Series], pd.Series]:
    def check(values):
        inside = pd.Series(True, index=values.index)
        if column.least is not None:
            inside &= values >= column.least - ROUNDING
        if column.above is not None:
            inside &= values > column.above
        if column.most is not None:
            inside &= values <= column.most + ROUNDING
        return inside

    return check


def _words(error, table, declared):
    reason, cases = error.reason_code, error.failure_cases
    if reason == SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME:
        return f"no column {_value(cases)}"
    if reason == SchemaErrorReason.COLUMN_NOT_IN_SCHEMA:
        return _unknown(_value(cases), declared)
    if reason == SchemaErrorReason.DUPLICATES:
        return _twice(table, declared.key)
    if reason == SchemaErrorReason.CHECK_ERROR:
        raise error
    column = error.schema.name
    row = int(cases["index"].iloc[0])
    if reason == SchemaErrorReason.SERIES_CONTAINS_NULLS:
        return f"column {column}, row {row + 1}: the value is missing"
    what = error.check.error
    return f"column {column}, row {row + 1}: {_shown(cases['failure_case'].iloc[0])} {what}"


def _value(cases):
    return str(cases["failure_case"].iloc[0] if isinstance(cases, pd.DataFrame) else cases)


def _unknown(name, declared):
    known = [column.name for column in declared.columns]
    match = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {match[0]}?)" if match else ""
    return f"column {name} is not one of the table {declared.name}{hint}"


def _twice(table, key):
    row = int(np.argmax(table.duplicated(list(key)).to_numpy()))
    values = ", ".join(f"{name} {table[name].iloc[row]}" for name in key)
    return f"row {row + 1} has the {values} of an earlier row"


def _shown(value):
    return f"'{value}'" if isinstance(value, str) else f"{value}"
