"""The schema and the reference page equal what the configuration model generates."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from ionshift.config import base
from ionshift.studies import documentation, liquid_nmr

FOLDER = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture(scope="module")
def validator():
    schema = documentation.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def descendants(block):
    for child in block.__subclasses__():
        yield child
        yield from descendants(child)


def all_key_paths(block, path=""):
    """Key paths of the model, found without the code under test."""
    for name, field in block.model_fields.items():
        key = f"{path}.{name}" if path else name
        yield key
        for model in [m for m in descendants(base.Block) if m.__name__ in repr(field)]:
            if re.search(rf"\b{model.__name__}\b", str(field.annotation)):
                named = ".<name>" if str(field.annotation).startswith("dict") else ""
                yield from all_key_paths(model, key + named)


@pytest.mark.parametrize("name", ["README.md", "schema.json"])
def test_checked_in_file_is_what_the_model_generates(name, tmp_path):
    documentation.write(tmp_path)
    assert (FOLDER / name).read_text() == (tmp_path / name).read_text(), (
        f"config/{name} is out of date: run {documentation.COMMAND}"
    )


def test_every_key_has_one_row():
    keys = re.findall(r"^\| `([\w.<>]+)` \| [^|]+ \| [^|]+ \| ", documentation.reference(), re.M)
    expected = list(all_key_paths(liquid_nmr.Study))
    assert len(expected) > 90
    assert sorted(keys) == sorted(expected)


def test_every_key_is_described():
    for row in documentation.reference().split("## Built-in")[0].splitlines():
        if row.startswith("| `"):
            assert len(re.split(r"(?<!\\)\|", row)[-2].strip()) > 5, row


@pytest.mark.parametrize(
    "row",
    [
        "| `study` | text | **needed** |",
        '| `md.engine` | choice | `"openmm"` | `openmm`, `gromacs`, `potential` |',
        "| `md.timestep_fs` | number | `4.0` | > 0; <= 5 |",
        "| `md.hydrogen_mass_amu` | number or null | `3.0` | >= 1; <= 4 |",
        '| `electrolyte.nucleus` | element symbol | `"Li"` |',
        "| `model.hidden` | list of whole numbers | `[64, 64]` |",
        "| `spectrum.range_ppm` | list of 2 numbers or null | `null` |",
        "| `labelling.protocols.<name>.functional` | text |",
    ],
)
def test_row_says_type_default_and_limits(row):
    assert row in documentation.reference()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_studies_satisfy_the_schema(path, validator):
    validator.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    ("block", "key", "value"),
    [
        ("md", "timestep_fs", "2 fs"),
        ("md", "temperature_K", -5),
        ("md", "engine", "lammps"),
        ("md", "timstep_fs", 2),
        ("sampling", "n_clusters", 1.5),
    ],
)
def test_schema_refuses_what_the_model_refuses(block, key, value, validator):
    study = yaml.safe_load((FOLDER / "config.yaml").read_text())
    study[block][key] = value
    assert not validator.is_valid(study)


def test_schema_file_is_plain_json():
    assert json.loads((FOLDER / "schema.json").read_text())["title"] == "Ionshift study"
