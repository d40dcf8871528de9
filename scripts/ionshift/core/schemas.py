"""What every table must hold: declared once in the room that makes it, checked where it passes.

A room lists its tables in `schemas.py` as `TABLES`; they are found by the names of their files.
A check changes no value: it lets a table pass or raises, so no result depends on it.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from ionshift.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["number", "whole number", "text", "true or false", "list of numbers"]
LIBRARY = Path(__file__).resolve().parents[1]
NAME, VERSION = b"ionshift.table", b"ionshift.version"
"""Keys of a Parquet file's metadata."""


@dataclass(frozen=True)
class Column:
    """One column, or all whose whole names match the regular expression `name` (`is_pattern`).

    Attributes
    ----------
    meaning : for the reference page
    least, most, above : limits of every value, `above` not included
    values : the texts that may stand in it; empty for any
    nullable : whether a value may be missing, which means unknown
    infinite : whether it may be infinite
    optional : whether the table may lack it
    """

    name: str
    meaning: str
    kind: Kind = "number"
    least: float | None = None
    most: float | None = None
    above: float | None = None
    values: tuple[str, ...] = ()
    nullable: bool = False
    infinite: bool = False
    optional: bool = False
    is_pattern: bool = False

    @property
    def limits(self) -> str:
        """What a value must be, in words."""
        if self.values:
            return f"one of {', '.join(self.values)}"
        bounds = ((">=", self.least), (">", self.above), ("<=", self.most))
        return " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes
    ----------
    name : its name, that of its file under tables/ where it has one there
    row : what a row stands for
    files : the ends of the paths of its files, as patterns, to the rule that makes them
    key : columns that tell its rows apart; empty where none do
    may_be_empty : whether it may have no row
    version : raised when the meaning of a column changes
    """

    name: str
    row: str
    files: dict[str, str]
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    may_be_empty: bool = False
    version: int = 1

    def texts(self) -> list[str]:
        """Names of the columns that hold text."""
        return [column.name for column in self.columns if column.kind == "text"]

    def known(self, table: "pd.DataFrame") -> "pd.DataFrame":
        """The columns of a foreign table that this one has."""
        names = [column.name for column in self.columns]
        return table[[name for name in table if name in names]]

    def metadata(self) -> dict[bytes, bytes]:
        """What a Parquet file says of its table."""
        return {NAME: self.name.encode(), VERSION: str(self.version).encode()}

    def remedy(self, path: str | Path) -> str:
        """How a damaged file of this table is made again."""
        pattern = _best_match(self, path)
        if pattern is None:
            return "restore it"
        return f"delete it and run again (rule {self.files[pattern]} makes it)"

    def check(self, table: "pd.DataFrame", path: str | Path) -> None:
        """Raise `InputError` with what is wrong in a table, column, first row (from 1) and value.

        `path` names it in the message.
        """
        fault = self.fault(table)
        if fault:
            raise InputError(f"{path}: {fault}; {self.remedy(path)}")

    def check_new(self, table: "pd.DataFrame", path: str | Path) -> None:
        """As `check`, of a table that is about to be written to `path`."""
        fault = self.fault(table)
        if fault:
            raise InputError(
                f"{path} is not written: {fault}; what it was computed from is damaged, or this "
                "is an error of Ionshift: see the log of the job, report it with this line"
            )

    def fault(self, table: "pd.DataFrame") -> str:
        """What is wrong in a table, the first of its faults; empty if nothing is."""
        if table.empty and len(table.columns) and not self.may_be_empty:
            return f"the table {self.name} has no row"
        from ionshift.core.sound_tables import is_sound

        if is_sound(table, self):
            return ""
        from ionshift.core import table_faults

        return table_faults.fault(table, self)

    def check_metadata(self, metadata: dict[bytes, bytes] | None, path: str | Path) -> None:
        """Raise `InputError` if a Parquet file says that it is another table, or a later one."""
        name, version = ((metadata or {}).get(key, b"").decode() for key in (NAME, VERSION))
        if name and name != self.name:
            raise InputError(
                f"{path} holds the table {name} in place of {self.name}; {self.remedy(path)}"
            )
        if version and int(version) > self.version:
            raise InputError(
                f"{path} was written by a later version of Ionshift (table {name}, version "
                f"{version} in place of {self.version}); install that version, or "
                f"{self.remedy(path)}"
            )


def rooms() -> dict[str, ModuleType]:
    """The modules of the library that list tables, by room."""
    names = sorted(path.parent.name for path in LIBRARY.glob("*/schemas.py"))
    names.remove(Path(__file__).parent.name)
    return {name: importlib.import_module(f"ionshift.{name}.schemas") for name in names}


@cache
def tables() -> dict[str, Table]:
    """All tables of the library by name."""
    found: dict[str, Table] = {}
    for room in rooms().values():
        for table in room.TABLES:
            if table.name in found:
                raise ValueError(f"two tables are named {table.name}; rename one")
            found[table.name] = table
    return found


def named(name: str) -> Table:
    """The table of this name; an unknown one raises `InputError`."""
    if name not in tables():
        raise InputError(f"no table is named {name}; known are {', '.join(sorted(tables()))}")
    return tables()[name]


def of_file(path: str | Path) -> Table:
    """The table that a file holds, by the end of its path.

    Raises
    ------
    InputError
        if no table has a file of this name.
    """
    matches = [(_rank(pattern), table) for table, pattern in _patterns() if _fits(path, pattern)]
    if not matches:
        raise InputError(
            f"{path}: no table has a file of this name; add it to TABLES in schemas.py of the "
            "room of the library that makes it"
        )
    return max(matches, key=lambda match: match[0])[1]


def _patterns() -> Iterator[tuple[Table, str]]:
    return ((table, pattern) for table in tables().values() for pattern in table.files)


def _best_match(table: Table, path: str | Path) -> str | None:
    return max((one for one in table.files if _fits(path, one)), key=_rank, default=None)


def _fits(path: str | Path, pattern: str) -> bool:
    return PurePath(path).match(pattern)


def _rank(pattern: str) -> tuple[int, int]:
    """The longer pattern of two that fit says more."""
    return len(PurePath(pattern).parts), len(pattern)


def number(name: str, meaning: str, **limits: Any) -> Column:
    """A column of finite numbers."""
    return Column(name, meaning, **limits)


def size(name: str, meaning: str, **limits: Any) -> Column:
    """Numbers that cannot be negative."""
    return Column(name, meaning, least=0.0, **limits)


def error(name: str, meaning: str = "standard error", **limits: Any) -> Column:
    """Errors and other widths: not negative, and missing where they are unknown."""
    return Column(name, meaning, least=0.0, nullable=True, **limits)


def share(name: str, meaning: str, **limits: Any) -> Column:
    """Shares between 0 and 1."""
    return Column(name, meaning, least=0.0, most=1.0, **limits)


def correlation(name: str, meaning: str, **limits: Any) -> Column:
    """Correlations between -1 and 1; missing where one of both quantities is constant."""
    return Column(name, meaning, least=-1.0, most=1.0, nullable=True, **limits)


def count(name: str, meaning: str, least: float = 0, **limits: Any) -> Column:
    """Whole numbers that count things, or number them from 0."""
    return Column(name, meaning, "whole number", least=least, **limits)


def text(name: str, meaning: str, **limits: Any) -> Column:
    """Names and words."""
    return Column(name, meaning, "text", **limits)


def flag(name: str, meaning: str, **limits: Any) -> Column:
    """True or false."""
    return Column(name, meaning, "true or false", **limits)


def numbers(name: str, meaning: str, **limits: Any) -> Column:
    """A list of numbers in each row; only Parquet files hold it."""
    return Column(name, meaning, "list of numbers", **limits)
