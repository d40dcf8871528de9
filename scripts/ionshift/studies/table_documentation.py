"""The reference page of all tables and their columns, made from what the rooms declare.

    ionshift docs reference

writes `docs/table_columns.md`. Nothing about a table is said here.
"""

from pathlib import Path

from ionshift.core import schemas
from ionshift.core.files import atomic_path
from ionshift.core.schemas import Column, Table
from ionshift.core.table_columns import unit_of

PAGE = Path(__file__).resolve().parents[3] / "docs" / "table_columns.md"

INTRO = """# Columns of all tables

What every table holds, and what it is checked for when it is written and when it is read.
[Tables](tables.md) says which table answers what. Unknown columns are errors, and so is a value
outside of its range. A missing value is unknown, not zero; it stands only where *may be missing* is
said. Numbers are finite unless *may be infinite* is said. An *optional* column may be absent.
Parquet files carry the name and the version of their table in their metadata.

This page is generated from `schemas.py` in the rooms of the library. Do not edit it; run
`ionshift docs reference`.
"""


def reference() -> str:
    """The page, as Markdown: a section a room, a table of columns a table."""
    sections = [INTRO]
    for room in schemas.rooms().values():
        sections.append(f"## {str(room.__doc__).strip().rstrip('.')}\n")
        sections += [_section(table) for table in room.TABLES]
    return "\n".join(sections)


def write(path: Path = PAGE) -> Path:
    """Write the page; returns its path."""
    with atomic_path(path) as temporary:
        temporary.write_text(reference())
    return path


def _section(table: Table) -> str:
    files = [f"`{pattern}` (rule {rule})" for pattern, rule in table.files.items()]
    key = f" Told apart by {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    empty = " May have no row." if table.may_be_empty else ""
    return "\n".join(
        [
            f"### `{table.name}`",
            "",
            f"One row per {table.row}.{key}{empty}",
            "",
            *([f"Files: {', '.join(files)}.", ""] if files else []),
            "| Column | Unit | Type | Allowed | Meaning |",
            "| --- | --- | --- | --- | --- |",
            *(_row(column) for column in table.columns),
            "",
        ]
    )


def _row(column: Column) -> str:
    allowed = [
        column.limits,
        "may be missing" if column.nullable else "",
        "may be infinite" if column.infinite else "",
        "optional" if column.optional or column.is_pattern else "",
    ]
    cells = [
        f"`{column.name}`",
        unit_of(column.name),
        column.kind,
        "; ".join(one for one in allowed if one),
        column.meaning,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
