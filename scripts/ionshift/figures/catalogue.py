"""The figures of a study, as workflow/figures.yaml lists them."""

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import Field, ValidationError

from ionshift.config.base import Block
from ionshift.core.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOM = "ionshift.figures"
TABLE = r"(?:\w+/)?\w+\??"
CALL = rf"^\w+\.\w+\({TABLE}(?:, {TABLE})*\)$"
"""module.function(table, table?): `?` marks a table that may have no row."""


class Entry(Block):
    """One figure.

    Attributes
    ----------
    draws : the call that draws it, see `CALL`: a function of this room, which takes the tables,
        then the options, then the style; tables lie in `tables/` unless another folder is named
    options : argument to a dotted key of the configuration
    category, label, caption : its place and text in the report
    """

    draws: Annotated[str, Field(pattern=CALL)]
    options: dict[str, str] = Field(default_factory=dict)
    category: str
    label: str
    caption: Annotated[str, Field(min_length=20)]

    @property
    def _tables(self) -> list[str]:
        return re.findall(TABLE, self.draws.partition("(")[2])

    @property
    def tables(self) -> dict[str, str]:
        """Name of each table to its CSV file below results/{study}."""
        paths = [name.removesuffix("?") for name in self._tables]
        return {
            Path(path).name: f"{path if '/' in path else f'tables/{path}'}.csv" for path in paths
        }

    @property
    def optional(self) -> set[str]:
        """Names of the tables that may have no row; they are drawn as none."""
        return {Path(name).name.removesuffix("?") for name in self._tables if name.endswith("?")}

    @property
    def module(self) -> str:
        """Dotted name of the module that draws it."""
        return f"{ROOM}.{self.draws.partition('.')[0]}"

    def function(self) -> Callable[..., "Figure"]:
        """What draws it.

        Raises
        ------
        InputError
            if there is no such function.
        """
        name = re.split(r"[.(]", self.draws)[1]
        try:
            return getattr(importlib.import_module(self.module), name)
        except (ImportError, AttributeError):
            raise InputError(
                f"figures.yaml: draws = '{self.draws}' is no function of {ROOM}"
            ) from None


def read(path: str | Path) -> dict[str, Entry]:
    """All figures of a catalogue by name.

    Raises
    ------
    InputError
        if an entry has a wrong key or value; the message names it.
    """
    entries = {}
    for category, figures in yaml.safe_load(Path(path).read_text()).items():
        for name, values in figures.items():
            inherited = {"category": category, "label": name.replace("_", " ")}
            try:
                entries[name] = Entry.model_validate(inherited | values)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, (name, *first["loc"])))
                raise InputError(f"{path}: {where}: {first['msg']}") from None
    return entries


def option(study: Any, key: str) -> Any:
    """The value of a dotted key of a study's configuration."""
    value = study
    for part in key.split("."):
        value = getattr(value, part)
    return value
