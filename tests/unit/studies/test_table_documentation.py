"""The page of columns equals what the rooms declare, and every table of a rule is declared."""

import re

import pytest

from ionshift.core import schemas
from ionshift.studies import table_documentation
from molecules import ROOT

RULE_FILES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))
TEXT = "\n".join(path.read_text() for path in RULE_FILES)
CONSTANTS = dict(re.findall(r'^([A-Z_]+) = f?"([^"]+)"$', TEXT, re.M))
TABLE_FILE = re.compile(r'f?"([^"\s]+\.(?:csv|parquet))"|\b([A-Z_]*TABLE)\b')


def path_of(pattern):
    """A path that an output of a rule stands for."""
    while match := re.search(r"{+([^{}]+)}+", pattern):
        pattern = pattern.replace(match[0], CONSTANTS.get(match[1], "x"))
    return pattern


def tables_of_rules():
    """(rule, path) of every table that a rule writes."""
    found = []
    for part in re.split(r"^ *(?:use )?rule (?=\w)", TEXT, flags=re.M)[1:]:
        name = re.match(r"(?:\w+ as )?(\w+)", part)[1]
        output = re.search(r"^ *output:\n(.*?)^ *(?:log|message|params|shell):", part, re.M | re.S)
        for literal, constant in TABLE_FILE.findall(output[1] if output else ""):
            found.append((name, path_of(literal or CONSTANTS[constant])))
    return found


def test_the_page_is_what_the_rooms_declare():
    assert table_documentation.PAGE.read_text() == table_documentation.reference(), (
        "docs/table_columns.md is out of date: run ionshift docs reference"
    )


def test_every_column_has_one_row_on_the_page():
    rows = re.findall(r"^\| `(.+?)` \|", table_documentation.reference(), re.M)
    assert len(rows) == sum(len(table.columns) for table in schemas.tables().values()) > 600


@pytest.mark.parametrize(("rule", "path"), tables_of_rules(), ids=lambda value: value)
def test_every_table_of_a_rule_is_declared_with_the_rule(rule, path):
    table = schemas.of_file(path)
    assert re.search(rf"\brule (\w+ or )?{rule}\b", table.remedy(path)), table.remedy(path)


def test_no_file_is_declared_that_no_rule_makes():
    made = {path for _, path in tables_of_rules()}
    declared = {
        (table.name, pattern) for table in schemas.tables().values() for pattern in table.files
    }
    of_rules = set()
    for path in made:
        table = schemas.of_file(path)
        of_rules |= {(table.name, one) for one in table.files if schemas._fits(path, one)}
    assert len(made) > 75
    assert declared == of_rules
