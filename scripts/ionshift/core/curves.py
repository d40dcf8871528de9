"""Curves that users supply: y(x) as CSV or columns of text, in units that are named.

A file is named as `NAME=FILE`, `NAME=FILE:COLUMN` or `NAME=FILE:COLUMN:ERROR_COLUMN`. A column is
known by its name in the header or by its number, from 1 on. A name that is given several times has
several replicas. A CSV with a column of names, and perhaps one of replicas, is given as `FILE`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ionshift.core.errors import InputError
from ionshift.core.user_tables import read_user_table

COMMENTS = ("#", "@", ";", "!", "&")
MIN_POINTS = 5


@dataclass(frozen=True)
class Quantity:
    """What a column holds: its name, and by unit the factor that brings it to the first unit."""

    name: str
    units: Mapping[str, float]

    @property
    def column(self) -> str:
        """Name with the first unit."""
        return self.in_unit(next(iter(self.units)))

    @property
    def error_column(self) -> str:
        """Name of its standard error, with the first unit."""
        return Quantity(f"{self.name}_err", self.units).column

    def in_unit(self, unit: str) -> str:
        """Name of a column in a unit."""
        return f"{self.name}_{unit}" if unit else self.name


@dataclass(frozen=True)
class Source:
    """A file, and what of it is meant."""

    name: str | None
    path: Path
    column: str | None = None
    error_column: str | None = None

    @classmethod
    def of(cls, text: str) -> "Source":
        """From NAME=FILE:COLUMN:ERROR_COLUMN; all but FILE may be left out."""
        name, equals, rest = text.partition("=")
        rest = rest if equals else text
        if Path(rest).exists():
            return cls(name if equals else None, Path(rest))
        path, *columns = rest.split(":")
        if not Path(path).is_file():
            raise InputError(f"{path}: no such file; give NAME=FILE or NAME=FILE:COLUMN")
        return cls(name if equals else None, Path(path), *columns[:2])


def read_curves(
    sources: Sequence[str],
    x: Quantity,
    y: Quantity,
    key: str,
    x_unit: str | None = None,
    y_unit: str | None = None,
) -> pd.DataFrame:
    """Read curves into one tidy table.

    Parameters
    ----------
    sources : see the module
    x, y : what the columns hold; a header that names them with their unit, such as r_nm, is enough
    key : what the names of the curves are, such as `pair`; also the column of names in a CSV
    x_unit, y_unit : units where no header says them

    Returns
    -------
    DataFrame with `key`, replica (from 0), x and y in their first units, and the standard error
    of y (NaN where there is none)

    Raises
    ------
    InputError
        if a file cannot be read, a unit is not known, or numbers are missing, not finite or x
        does not rise.
    """
    parts, seen = [], dict[str, int]()
    for source in map(Source.of, sources):
        table = _read(source)
        for name, rows in _named(table, source, key):
            curve = _curve(rows, source, x, y, x_unit, y_unit)
            _check(f"{source.path} ({name})", curve, x, y)
            replica = seen[name] = seen.get(name, -1) + 1
            parts.append(curve.assign(**{key: name}, replica=replica))
    curves = pd.concat(parts, ignore_index=True)
    return curves[[key, "replica", x.column, y.column, y.error_column]]


def _read(source: Source) -> pd.DataFrame:
    place = str(source.path)
    if source.path.suffix == ".parquet":
        return read_user_table(source.path)
    try:
        lines = source.path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{place} cannot be read ({error}); give CSV or columns of text") from None
    kept = [i for i, line in enumerate(lines) if line.strip() and line.strip()[0] not in COMMENTS]
    if not kept:
        raise InputError(f"{place} holds no numbers; give CSV or columns of text")
    first = lines[kept[0]].strip()
    separator = "," if "," in first else r"\s+"
    has_header = not all(_is_number(word) for word in re.split(separator, first))
    skipped = sorted(set(range(len(lines))) - set(kept))
    table = read_user_table(
        source.path,
        sep=separator,
        skiprows=skipped,
        header=0 if has_header else None,
        skipinitialspace=True,
        remedy="give CSV or columns of text, each row as long as the first",
    )
    if not has_header:
        table.columns = [str(number + 1) for number in range(table.shape[1])]
    return table.rename(columns=str.strip)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _named(table: pd.DataFrame, source: Source, key: str) -> list[tuple[str, pd.DataFrame]]:
    """The curves of a table by name: those of its column `key`, or the one of the source."""
    if key not in table:
        if source.name is None:
            raise InputError(
                f"{source.path} has no column {key}; say what it holds, as in NAME={source.path}"
            )
        replicas = table.groupby("replica") if "replica" in table else [(0, table)]
        return [(source.name, rows) for _, rows in replicas]
    by = [key, "replica"] if "replica" in table else [key]
    groups = [(str(names[0]), rows) for names, rows in table.groupby(by, sort=False)]
    if source.name is None:
        return groups
    chosen = [(name, rows) for name, rows in groups if name == source.name]
    if not chosen:
        present = ", ".join(dict.fromkeys(name for name, _ in groups))
        raise InputError(f"{source.path}: no {key} {source.name}; it has {present}")
    return chosen


def _curve(
    rows: pd.DataFrame,
    source: Source,
    x: Quantity,
    y: Quantity,
    x_unit: str | None,
    y_unit: str | None,
) -> pd.DataFrame:
    place = str(source.path)
    abscissa, x_factor = _column(rows, x, None, x_unit, 0, place)
    ordinate, y_factor = _column(rows, y, source.column, y_unit, 1, place)
    error = source.error_column or Quantity(f"{y.name}_err", {_unit_of(ordinate, y): 1}).column
    if source.error_column and error not in rows:
        raise InputError(f"{place}: no column {error}; it has {', '.join(rows)}")
    errors = y_factor * _numbers(rows, error, place) if error in rows else np.nan
    return pd.DataFrame(
        {
            x.column: x_factor * _numbers(rows, abscissa, place),
            y.column: y_factor * _numbers(rows, ordinate, place),
            y.error_column: errors,
        }
    )


def _unit_of(column: str, quantity: Quantity) -> str:
    return next((u for u in quantity.units if quantity.in_unit(u) == column), "")


def _column(
    rows: pd.DataFrame,
    quantity: Quantity,
    wanted: str | None,
    unit: str | None,
    position: int,
    place: str,
) -> tuple[str, float]:
    """(name of the column, factor to the first unit)."""
    named = {quantity.in_unit(one): one for one in quantity.units}
    if wanted is None:
        known = [column for column in rows if column in named]
        if known:
            return known[0], quantity.units[named[known[0]]]
        wanted = rows.columns[position] if rows.shape[1] > position else ""
    elif wanted.isdigit() and wanted not in rows and 0 < int(wanted) <= rows.shape[1]:
        wanted = rows.columns[int(wanted) - 1]
    if wanted not in rows:
        raise InputError(f"{place}: no column {wanted or position + 1}; it has {', '.join(rows)}")
    unit = named.get(wanted, unit)
    if unit is None:
        if len(quantity.units) == 1:
            return wanted, next(iter(quantity.units.values()))
        raise InputError(
            f"{place}: the unit of {quantity.name} is not known; head its column "
            f"{' or '.join(named)}, or state the unit ({', '.join(quantity.units)})"
        )
    return wanted, quantity.units[unit]


def _numbers(rows: pd.DataFrame, column: str, place: str) -> np.ndarray:
    values = pd.to_numeric(rows[column], errors="coerce")
    bad = values.isna()
    if bad.any():
        row = int(np.argmax(bad.to_numpy()))
        raise InputError(
            f"{place}: column {column} has {rows[column].iloc[row]!r} in row {row + 1}; every row "
            "must hold a number"
        )
    return values.to_numpy(float)


def _check(place: str, curve: pd.DataFrame, x: Quantity, y: Quantity) -> None:
    abscissa, ordinate = curve[x.column].to_numpy(), curve[y.column].to_numpy()
    if len(curve) < MIN_POINTS:
        raise InputError(f"{place}: {len(curve)} rows; a curve needs at least {MIN_POINTS}")
    if not np.isfinite(abscissa).all() or not np.isfinite(ordinate).all():
        row = int(np.argmin(np.isfinite(abscissa) & np.isfinite(ordinate)))
        raise InputError(f"{place}: row {row + 1} is not finite; leave such rows out")
    steps = np.diff(abscissa)
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0))
        raise InputError(
            f"{place}: {x.column} falls from {abscissa[row]:g} to {abscissa[row + 1]:g} in row "
            f"{row + 2}; it must rise, one curve a name"
        )
    errors = curve[y.error_column].to_numpy()
    wrong = (errors < 0) | np.isinf(errors)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{place}: {y.error_column} is {errors[row]:g} in row {row + 1}; an error is finite "
            "and not negative"
        )
    if abscissa[0] < 0:
        raise InputError(f"{place}: {x.column} begins at {abscissa[0]:g}; it cannot be negative")
