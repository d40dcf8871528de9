"""A page that says what a study found: sections of text, tables, figures and a command.

The page is one HTML file: style and images are inside, it loads nothing and runs no script.
"""

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from ionshift.runs.summary_template import TEMPLATE

NUMBER_AND_UNIT = re.compile(r"(?<=\d) (?=(?:±|%|ppm|GB|min|h|s|M)(?!\w))|(?<=±) ")
GOOD, MIND, UNKNOWN = "good", "mind", "unknown"
"""Marks of a cell: all is well, something to keep in mind, nothing is known."""


@dataclass(frozen=True)
class Cell:
    """Text of a table's cell; `mark` is one of `GOOD`, `MIND`, `UNKNOWN`, or nothing."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows; a row has a text or a `Cell` a column."""

    title: str
    columns: list[str]
    rows: list[list[str | Cell]]
    note: str = ""

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"table '{self.title}': {len(row)} cells in a row of {row[0]}")


@dataclass(frozen=True)
class Figure:
    """A PNG image with its caption."""

    name: str
    caption: str
    png: bytes = field(repr=False)

    @classmethod
    def read(cls, path: str | Path, caption: str) -> "Figure":
        """The image at `path`."""
        return cls(Path(path).stem, caption, Path(path).read_bytes())

    @property
    def url(self) -> str:
        """The image itself as a URL."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Advice:
    """What to do: text before it, lines to set in the configuration, a command, what follows."""

    reason: str
    command: str
    settings: str = ""
    afterwards: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page; what is empty is left out."""

    title: str
    paragraphs: list[str] = field(default_factory=list)
    table: Table | None = None
    with_figures: bool = False
    advice: Advice | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A page: what it is of, the answer in a sentence or two, its sections."""

    title: str
    answer: list[str]
    sections: list[Section]
    footer: str


def _unbroken(value):
    """A text in which no line ends between a number and its error or unit."""
    return NUMBER_AND_UNIT.sub("\u00a0", value) if isinstance(value, str) else value


def html(page: Page, figures: list[Figure]) -> str:
    """The page as HTML; every text is escaped."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_unbroken,
    )
    return environment.from_string(TEMPLATE).render(page=page, figures=figures)
