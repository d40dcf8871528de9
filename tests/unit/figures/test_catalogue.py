"""The catalogue of figures: every entry is complete, drawn from tables alone, and found."""

import inspect
import re

import pytest
import yaml

from ionshift.core.errors import InputError
from ionshift.figures import catalogue
from molecules import ROOT

PATH = ROOT / "workflow" / "figures.yaml"
ENTRIES = catalogue.read(PATH)
TABLES = re.compile(r"(tables|model)/\w+\.csv")


@pytest.mark.parametrize("name", ENTRIES)
def test_a_function_takes_just_the_tables_and_options_of_its_entry(name):
    entry = ENTRIES[name]
    parameters = list(inspect.signature(entry.function()).parameters)
    assert len(parameters) == len(entry.tables) + len(entry.options) + 1
    assert parameters[-1] == "style"
    assert parameters[len(entry.tables) : -1] == list(entry.options)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_figure_reads_small_tables_only(name):
    assert all(TABLES.fullmatch(path) for path in ENTRIES[name].tables.values())


def test_every_figure_of_the_rules_is_in_the_catalogue_and_the_other_way_round():
    used = set()
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for names in re.findall(r"FIGURE_NAMES \+= \[(.*?)\]", path.read_text(), re.DOTALL):
            used |= set(re.findall(r'"(\w+)"', names))
    assert used == set(ENTRIES)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, "lines.colour"),
        ({"draws": "lines"}, "lines.draws"),
        ({"draws": "shifts.lines()"}, "lines.draws"),
        ({"draws": "shifts.lines(spectra shifts)"}, "lines.draws"),
        ({"caption": "short"}, "lines.caption"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, change, words):
    values = yaml.safe_load(PATH.read_text())["Spectra"]["lines"]
    (tmp_path / "figures.yaml").write_text(yaml.safe_dump({"Spectra": {"lines": values | change}}))
    with pytest.raises(InputError, match=re.escape(words)):
        catalogue.read(tmp_path / "figures.yaml")


def test_an_unknown_function_is_named():
    entry = ENTRIES["lines"].model_copy(update={"draws": "shifts.nothing(shifts)"})
    with pytest.raises(InputError, match=r"shifts\.nothing"):
        entry.function()


def test_an_entry_takes_its_category_its_label_and_its_files_from_where_it_stands():
    shifts, parity = ENTRIES["shifts"], ENTRIES["parity"]
    assert (shifts.category, shifts.label) == ("Spectra", "shifts")
    assert ENTRIES["learning_curve"].label == "learning curve"
    assert ENTRIES["pca"].label == "map"
    assert shifts.tables == {"shifts": "tables/shifts.csv", "experiment": "tables/experiment.csv"}
    assert shifts.optional == {"experiment"}
    assert parity.tables == {"parity": "model/parity.csv", "metrics": "model/metrics.csv"}
    assert parity.optional == set()
