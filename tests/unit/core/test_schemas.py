"""Tables are checked where they are written and read: what is wrong, where, and what to do."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ionshift.core import schemas, table_faults
from ionshift.core.errors import InputError
from ionshift.core.files import read_table, write_table, write_tables
from ionshift.core.schemas import Table, count, error, flag, number, numbers, share, text
from ionshift.core.sound_tables import is_sound
from ionshift.core.table_columns import unit_of

TOY = Table(
    name="toy",
    row="system and value",
    files={"tables/toy.csv": "tabulate_toys", "toys/*.csv": "make_toys"},
    columns=(
        text("system", "name", values=("1M", "2M")),
        count("n", "number"),
        share("share", "share"),
        error("share_err"),
        number("power", "without bounds, above 0", above=0.0, infinite=True, nullable=True),
        flag("ok", "flag"),
        text("reason", "free words", nullable=True, optional=True),
        number("of_.*_ppm", "one a ligand", is_pattern=True),
    ),
    key=("system", "n"),
)


def toy(**changed):
    table = {
        "system": ["1M", "1M", "2M"],
        "n": [0, 1, 0],
        "share": [0.0, 0.5, 1.0],
        "share_err": [0.1, np.nan, 0.0],
        "power": [np.inf, 2.0, np.nan],
        "ok": [True, False, True],
        "of_O_ppm": [1.0, -2.0, 3.0],
    }
    return pd.DataFrame(table | changed)


def test_a_sound_table_passes():
    TOY.check(toy(), "tables/toy.csv")
    TOY.check(toy(reason=["", "because", None]), "tables/toy.csv")
    TOY.check(toy().drop(columns="of_O_ppm").iloc[::-1], "tables/toy.csv")
    TOY.check(toy(share=[0.0, 0.5, 1.0 + 1e-12]), "tables/toy.csv")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (toy().drop(columns="share"), "no column share"),
        (toy(shares=1.0), r"column shares is not one of the table toy \(did you mean share"),
        (toy(of_O=1.0), "column of_O is not one of the table toy"),
        (toy(share=["0", "a", "1"]), "column share, row 2: 'a' is not a number"),
        (toy(share=[0, "none", 1]), "column share, row 2: 'none' is not a number"),
        (toy(share=[0.0, 0.5, 1.5]), r"column share, row 3: 1\.5 is not >= 0 and <= 1"),
        (toy(share=[0.0, np.nan, 1]), "column share, row 2: the value is missing"),
        (toy(share_err=[0, 0, -1e-3]), r"column share_err, row 3: -0\.001 is not >= 0"),
        (toy(share_err=[0, np.inf, 0]), "column share_err, row 2: inf is not finite"),
        (toy(power=[1, 0.0, 1]), r"column power, row 2: 0\.0 is not > 0"),
        (toy(n=[0, 1.5, 0]), r"column n, row 2: 1\.5 is not a whole number"),
        (toy(n=[0, 1, -1]), "column n, row 3: -1 is not >= 0"),
        (toy(n=[True, False, True]), "column n, row 1: True is not a whole number"),
        (toy(ok=[1, 0, 1]), "column ok, row 1: 1 is neither true nor false"),
        (toy(ok=[True, None, True]), "column ok, row 2: the value is missing"),
        (toy(system=["1M", "1M", "3M"]), "column system, row 3: '3M' is not one of 1M, 2M"),
        (toy(reason=["a", 1, "b"]), "column reason, row 2: 1 is not text"),
        (toy(of_O_ppm=["a", 1, 2]), "column of_O_ppm, row 1: 'a' is not a number"),
        (toy(n=[0, 0, 0]), "row 2 has the system 1M, n 0 of an earlier row"),
        (toy().iloc[[2, 1, 0]].assign(share=[0, 2, 0]), "column share, row 2: 2 is not"),
        (toy().iloc[:0], "the table toy has no row"),
        (pd.concat([toy(), toy()[["ok"]]], axis=1), "column ok is there twice"),
        (pd.DataFrame(), "no column system"),
    ],
)
def test_what_is_wrong_is_said_with_column_row_value_and_remedy(table, words):
    with pytest.raises(InputError, match=rf"^tables/toy\.csv: {words}.*; delete it and run again"):
        TOY.check(table, "tables/toy.csv")


def test_the_remedy_names_the_rule_that_makes_the_file():
    with pytest.raises(InputError, match=r"rule make_toys makes it"):
        TOY.check(toy(n=-1), "results/demo/toys/1M.csv")
    with pytest.raises(InputError, match=r"; restore it$"):
        TOY.check(toy(n=-1), "elsewhere/set.csv")


def test_lists_hold_numbers():
    table = Table("lists", "row", {}, (numbers("values", "values", nullable=True),))
    table.check(pd.DataFrame({"values": [[1.0, 2.0], np.arange(3), None]}), "a.parquet")
    with pytest.raises(InputError, match=r"column values, row 2: \['a'\] is not a list of numbers"):
        table.check(pd.DataFrame({"values": [[1.0], ["a"]]}), "a.parquet")


# -------------------------------------------------------------------------------- files


MEMBERS = pd.DataFrame(
    {
        "member": [0, 0, 1],
        "solvation_class": ["CIP", "AGG", "CIP"],
        "n_environments": [3, 1, 3],
        "shift_ppm": [0.1, -1 / 3, 1e-17],
    }
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "predictions" / "1M_members.csv"


def edited(path, change):
    write_table(MEMBERS, path)
    path.write_text(change(path.read_text()))
    return path


def test_a_table_comes_back_to_the_last_digit(path):
    write_tables({"members": MEMBERS}, {"members": path})
    pd.testing.assert_frame_equal(read_table(path), MEMBERS, check_exact=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-3], "ends in the middle of a line, it was cut off"),
        (lambda text: "", "is empty"),
        (lambda text: text.replace("-0.33", "abc0.33"), "column shift_ppm, row 2: 'abc0.33"),
        (lambda text: text.replace("0,CIP,3", "0,CIP,"), "n_environments, row 1: the value is mis"),
        (lambda text: text.replace("shift_ppm", "shift_Hz"), "column shift_Hz is not one of"),
        (lambda text: text.replace("AGG", "SIP"), "column solvation_class, row 2: 'SIP' is not"),
        (
            lambda text: text.replace("1,CIP", "0,CIP"),
            "row 3 has the member 0, solvation_class CIP",
        ),
        (lambda text: text + "1,AGG,1,0.1,7\n", r"is damaged \(.*line 5"),
        (lambda text: text.replace("CIP", '"CIP', 1), "is damaged"),
    ],
)
def test_a_damaged_csv_stops_with_its_path_and_remedy(path, change, words):
    with pytest.raises(InputError, match=words) as caught:
        read_table(edited(path, change))
    assert str(caught.value).startswith(str(path))
    assert "run again (rule predict_shifts or import_predictions makes it)" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(path):
    with pytest.raises(InputError, match=r"1M_members\.csv: no such file; delete it"):
        read_table(path)


def test_names_that_look_like_numbers_or_nothing_stay_names(tmp_path):
    path = tmp_path / "tables" / "costs.csv"
    zero = {name: [0.0, 1.0] for name in ("core_h", "core_h_a_job", "core_h_a_job_sd")}
    zero |= {name: [0.0, 1.0] for name in ("wall_h", "longest_wall_h", "max_rss_MB")}
    write_table(pd.DataFrame({"rule": ["01", "NA"], "n_jobs": 1, **zero}), path)
    assert read_table(path)["rule"].tolist() == ["01", "NA"]


def test_a_wrong_table_is_not_written(path):
    with pytest.raises(InputError, match=r"is not written: column shift_ppm, row 1: inf is not"):
        write_table(MEMBERS.assign(shift_ppm=np.inf), path)
    assert not path.exists()


def test_a_table_that_is_not_declared_is_not_written(tmp_path):
    with pytest.raises(InputError, match=r"news\.csv: no table has a file of this name; add it to"):
        write_table(MEMBERS, tmp_path / "tables" / "news.csv")
    with pytest.raises(InputError, match="no table is named news; known are"):
        write_table(MEMBERS, tmp_path / "news.csv", "news")


def symmetry():
    return pd.DataFrame(
        {
            "replica": 0,
            "frame": [0, 0, 1],
            "time_ps": [0.0, 0.0, 2.0],
            "nucleus": [0, 1, 0],
            "asymmetry": [0.1, np.nan, 0.3],
            "tetrahedrality": [1.0, -2.0, 0.3],
        }
    )


def test_a_parquet_file_says_which_table_it_is(tmp_path):
    path = tmp_path / "shell" / "symmetry_1M.parquet"
    write_table(symmetry(), path)
    pd.testing.assert_frame_equal(read_table(path), symmetry(), check_exact=True)
    found = pyarrow.parquet.read_schema(path).metadata
    assert (found[b"ionshift.table"], found[b"ionshift.version"]) == (b"symmetry", b"1")
    other = tmp_path / "predictions" / "1M.parquet"
    other.parent.mkdir()
    path.rename(other)
    with pytest.raises(InputError, match="holds the table symmetry in place of predictions"):
        read_table(other)


def test_a_table_of_a_later_version_is_refused():
    later = {b"ionshift.table": b"toy", b"ionshift.version": b"2"}
    with pytest.raises(InputError, match=r"later version of Ionshift .*version 2 in place of 1"):
        TOY.check_metadata(later, "tables/toy.csv")
    TOY.check_metadata(later | {b"ionshift.version": b"1"}, "tables/toy.csv")
    TOY.check_metadata(None, "tables/toy.csv")


def test_a_damaged_page_of_a_parquet_file_is_named(tmp_path):
    path = tmp_path / "shell" / "symmetry_1M.parquet"
    write_table(symmetry(), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"symmetry_1M\.parquet is damaged .*measure_symmetry"):
        read_table(path)


def test_sound_tables_need_no_pandera(path):
    write_table(MEMBERS, path)
    code = (
        "import sys; from ionshift.core.files import read_table; "
        f"read_table({str(path)!r}); sys.exit('pandera' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# ------------------------------------------------------------------------- what always holds


same_every_time = settings(derandomize=True, deadline=None, max_examples=60)
floats = st.floats(allow_nan=True, allow_infinity=True, width=64)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
rows = st.fixed_dictionaries(
    {"name": words, "value": floats, "n": st.integers(0, 2**53), "ok": st.booleans()}
)
ANY = Table(
    "any",
    "row",
    {"any/*": "make"},
    (
        text("name", "name"),
        number("value", "value", nullable=True, infinite=True),
        count("n", "n"),
        flag("ok", "flag"),
    ),
)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@same_every_time
@given(content=st.lists(rows, min_size=1, max_size=8))
def test_what_is_written_is_read(suffix, content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any" / f"table{suffix}"
    table = pd.DataFrame(content).astype({"name": "str", "value": float})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schemas, "tables", lambda: {"any": ANY})
        write_table(table, path)
        pd.testing.assert_frame_equal(read_table(path), table, check_exact=True)


cells = st.one_of(floats, st.integers(-2, 3), st.booleans(), st.sampled_from(["1M", "2M", "x"]))
columns_of = {
    "system": st.sampled_from(["1M", "2M", "3M", None]),
    "n": st.integers(-1, 3),
    "share": st.one_of(st.floats(-0.1, 1.1), st.just(np.nan)),
    "share_err": floats,
    "power": floats,
    "ok": st.booleans(),
}


@same_every_time
@given(data=st.data(), length=st.integers(0, 4))
def test_what_the_quick_look_passes_pandera_passes(data, length):
    table = pd.DataFrame(
        {
            name: data.draw(st.lists(st.one_of(values, values, values, cells), min_size=length))[
                :length
            ]
            for name, values in columns_of.items()
        }
    )
    if is_sound(table, TOY) and length:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert table_faults.fault(table, TOY) == ""


# --------------------------------------------------------------------------- the library's


def test_every_declared_column_can_be_checked_and_is_described():
    for table in schemas.tables().values():
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names)), table.name
        assert set(table.key) <= set(names), table.name
        assert all(len(column.meaning) > 2 for column in table.columns), table.name
        table_faults.schema(table)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("shift_ppm", "ppm"),
        ("msd_err_A2", "Å²"),
        ("total_per_ppm", "1/ppm"),
        ("d_err_m2_s", "m²/s"),
        ("deviation_eV_A", "eV/Å"),
        ("force_rmse_meV_A", "meV/Å"),
        ("wall_s", "s"),
        ("share", ""),
    ],
)
def test_the_unit_is_the_end_of_the_name(name, unit):
    assert unit_of(name) == unit
