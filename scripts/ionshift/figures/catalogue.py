"""The figures of a study, as workflow/figures.yaml lists them."""

import importlib
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


class Entry(Block):
    """One figure.

    Attributes
    ----------
    draws : module.function of this room; it takes the tables, then the options, then the style
    tables : argument to a CSV file below results/{study}
    optional : tables that may have no row; they are drawn as none
    options : argument to a dotted key of the configuration
    category, label, caption : its place and text in the report
    """

    draws: Annotated[str, Field(pattern=r"^\w+\.\w+$")]
    tables: Annotated[dict[str, str], Field(min_length=1)]
    optional: list[str] = Field(default_factory=list)
    options: dict[str, str] = Field(default_factory=dict)
    category: str
    label: str
    caption: Annotated[str, Field(min_length=20)]

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
        try:
            return getattr(importlib.import_module(self.module), self.draws.partition(".")[2])
        except (ImportError, AttributeError):
            raise InputError(
                f"figures.yaml: draws = '{self.draws}' is no function of {ROOM}"
            ) from (None)


def read(path: str | Path) -> dict[str, Entry]:
    """All figures of a catalogue by name.

    Raises
    ------
    InputError
        if an entry has a wrong key or value; the message names it.
    """
    entries = {}
    for name, values in yaml.safe_load(Path(path).read_text()).items():
        try:
            entries[name] = Entry.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, (name, *first["loc"])))
            raise InputError(f"{path}: {where}: {first['msg']}") from None
        unknown = set(entries[name].optional) - set(entries[name].tables)
        if unknown:
            raise InputError(f"{path}: {name}.optional: no table {', '.join(sorted(unknown))}")
    return entries


def option(study: Any, key: str) -> Any:
    """The value of a dotted key of a study's configuration."""
    value = study
    for part in key.split("."):
        value = getattr(value, part)
    return value
