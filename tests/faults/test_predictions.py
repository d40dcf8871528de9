"""Imported predictions and measured series that must not be taken, and what the message names."""

import json

import numpy as np
import pandas as pd
import pytest

from archives import write_archive
from ionshift.config.figures import Figures
from ionshift.core.errors import InputError
from ionshift.figures.shifts import shift_against_concentration
from ionshift.figures.style import as_written, save
from ionshift.nmr.experiment import read_series
from ionshift.nmr.published_elf import read_published
from ionshift.runs import archived
from ionshift.runs.predictions import read_predictions

SYSTEMS = ["1M", "2M"]


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "old"
    write_archive(folder, n_frames=20)
    config = {"md": {"frame_interval_ps": 2.0}, "spectrum": {"reference_shielding_ppm": 92.4}}
    (folder / "manifest.json").write_text(json.dumps({"config": config}))
    return folder


def column(name, change):
    return lambda table: table.assign(**{name: change(table[name])})


def cell(name, value, row=7):
    def change(table):
        column = table[name].astype(object)
        column.iloc[row] = value
        return table.assign(**{name: column})

    return change


def shuffled(name):
    def change(table):
        order = np.random.default_rng(0).permutation(len(table))
        return table.assign(**{name: table[name].to_numpy()[order]})

    return change


def frames_shuffled(table):
    """Every frame keeps its rows, but has the time of another."""
    times = table.drop_duplicates("frame").set_index("frame")["time_ps"]
    other = dict(zip(times.index, np.random.default_rng(0).permutation(times), strict=True))
    return table.assign(time_ps=table["frame"].map(other))


def whole_rows_among_classes(table):
    """Shift and shielding of one environment in the row of another."""
    order = np.random.default_rng(0).permutation(len(table))
    values = table[["shift_ppm", "shielding_ppm"]].to_numpy()[order]
    return table.assign(shift_ppm=values[:, 0], shielding_ppm=values[:, 1])


def both_moved(table):
    return table.assign(
        shift_ppm=table["shift_ppm"] + 1.0, shielding_ppm=table["shielding_ppm"] - 1.0
    )


TABLES = {
    "shifts moved by 1 ppm": (column("shift_ppm", lambda x: x + 1), "reference_shielding_ppm = 92"),
    "shifts and shieldings moved by 1 ppm": (both_moved, "mean shifts are not those"),
    "one shift moved by 1 ppm": (cell("shift_ppm", 9.0), "must add to one reference shielding"),
    "shifts shuffled": (shuffled("shift_ppm"), "must add to one reference shielding"),
    "predictions shuffled among rows": (whole_rows_among_classes, "mean shifts are not those"),
    "frames shuffled": (frames_shuffled, "frames are shuffled or their times are wrong"),
    "times in ns": (column("time_ps", lambda x: x / 1000), "rises by 0.002 a frame, .* = 2; give"),
    "times in fs": (column("time_ps", lambda x: x * 1000), "rises by 2000 a frame"),
    "times that fall": (column("time_ps", lambda x: -x), "does not fit the others"),
    "one time off": (
        lambda table: table.assign(time_ps=table["time_ps"] + (table["frame"] == 5)),
        r"time_ps = 11 of frame 5 in replica 0 does not fit",
    ),
    "two times of a frame": (cell("time_ps", 1.0), "more than one time_ps"),
    "a class beside another n_anion": (cell("solvation_class", "AGG+"), "'AGG\\+' beside n_anion"),
    "classes shuffled": (shuffled("solvation_class"), "beside n_anion"),
    "more molecules than ligand atoms": (
        column("coordination", lambda x: 0 * x),
        "coordination = 0",
    ),
    "text among shifts": (cell("shift_ppm", "high"), "shift_ppm holds text, 'high' in row 8"),
    "text among times": (cell("time_ps", "late"), "time_ps holds text, 'late' in row 8"),
    "a shift that is nan": (cell("shift_ppm", np.nan), "shift_ppm = nan in row 8"),
    "a shift that is inf": (cell("shift_ppm", np.inf), "shift_ppm = inf in row 8"),
    "frame -1": (column("frame", lambda x: x - 1), "frame = -1; it must count from 0"),
    "a negative spread": (lambda t: t.assign(shift_sd_ppm=-0.1), "shift_sd_ppm = -0.1 is negative"),
    "a negative distance": (
        column("extrapolation", lambda x: x - 9),
        "extrapolation = .* negative",
    ),
    "a row twice": (lambda table: pd.concat([table, table.head(1)]), "there more than once"),
    "no shifts": (lambda table: table.drop(columns="shift_ppm"), "no column shift_ppm"),
    "no rows": (lambda table: table.head(0), "no environment in it"),
}


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(("change", "message"), TABLES.values(), ids=TABLES)
def test_bad_predictions_stop_before_the_first_job(archive, change, message, suffix):
    path = archive / "predictions/1M.parquet"
    table = change(pd.read_parquet(path))
    path.unlink()
    path = path.with_suffix(f".{suffix}")
    if suffix == "csv":
        table.to_csv(path, index=False)
    else:
        mixed = [name for name in table if table[name].map(type).nunique() > 1]
        table.astype(dict.fromkeys(mixed, str)).to_parquet(path, index=False)
    with pytest.raises(InputError, match=message) as caught:
        archived.check_contents(archive, SYSTEMS)
    assert str(archive / "predictions/1M") in str(caught.value)


def test_a_good_archive_passes(archive):
    archived.check_contents(archive, SYSTEMS)


def test_shuffled_rows_are_put_in_order(archive):
    """Each row names its environment: their order says nothing."""
    path = archive / "predictions/1M.parquet"
    before = read_predictions(path)
    pd.read_parquet(path).sample(frac=1, random_state=0).to_parquet(path, index=False)
    pd.testing.assert_frame_equal(read_predictions(path), before)


def test_systems_of_two_references_are_refused(archive):
    (archive / "manifest.json").unlink()
    path = archive / "predictions/2M.parquet"
    table = pd.read_parquet(path)
    table.assign(shielding_ppm=table["shielding_ppm"] + 1).to_parquet(path, index=False)
    with pytest.raises(InputError, match=r"2M.parquet: .* add to 93.4000, those of .* to 92.4000"):
        archived.check_contents(archive, SYSTEMS)


def damaged(path):
    content = bytearray(path.read_bytes())
    content[60:160] = bytes(100)
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-80])


def text(old, new):
    return lambda path: path.write_text(path.read_text().replace(old, new, 1))


def written(content):
    return lambda path: path.write_bytes(content)


FILES = {
    "a damaged page": ("predictions/2M.parquet", damaged, "2M.parquet cannot be read"),
    "a table cut off": ("predictions/2M.parquet", cut, "2M.parquet cannot be read"),
    "a table that is none": ("predictions/2M.parquet", written(b"words"), "cannot be read"),
    "an empty table": ("predictions/2M.parquet", written(b""), "cannot be read"),
    "text among members": ("predictions/1M_members.csv", text("0.", "x"), "shift_ppm holds text"),
    "members that are none": ("predictions/1M_members.csv", written(b""), "cannot be read"),
    "members that are no text": ("predictions/1M_members.csv", written(b"\xff\xfe\x00"), "read"),
    "text among molarities": ("tables/md.csv", text("1M,0,1", "1M,0,one"), "molarity_M holds text"),
    "a negative molarity": ("tables/md.csv", text("1M,0,1", "1M,0,-1"), "not a positive number"),
    "a manifest cut off": ("manifest.json", cut, "manifest.json: cannot be read"),
    "a manifest of a list": ("manifest.json", written(b"[1, 2]"), "manifest.json: cannot be read"),
}


@pytest.mark.parametrize(("name", "change", "message"), FILES.values(), ids=FILES)
def test_a_damaged_file_is_named(archive, tmp_path, name, change, message):
    change(archive / name)
    with pytest.raises(InputError, match=message) as caught:
        archived.check(archive, SYSTEMS, tmp_path / "new")
        archived.check_contents(archive, SYSTEMS)
    assert str(archive / name) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("tables/pca_variance.csv", archived.read_variance),
        ("shell/symmetry_1M.parquet", archived.read_symmetry),
    ],
)
def test_optional_files_are_read_whole(archive, name, read):
    path = archive / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("component,explained_share\npc1,much\n")
    with pytest.raises(InputError, match=r"holds text, 'much'|cannot be read"):
        read(path)


SERIES = "# source: test data\nmolarity_M,shift_ppm,error_ppm\n1,0,0.02\n2,-0.4,0.02\n"
SERIES_ROWS = {
    "text among molarities": (SERIES.replace("2,-0.4", "two,-0.4"), "molarity_M holds text, 'two'"),
    "text among errors": (SERIES.replace("0.02", "small"), "error_ppm holds text, 'small'"),
    "a decimal comma": (SERIES.replace("2,-0.4,", '2,"-0,4",'), "shift_ppm holds text, '-0,4'"),
    "inf": (SERIES.replace("-0.4", "inf"), "shift_ppm has a value that is not a number"),
    "ragged rows": (SERIES + "3,1,1,1,1,1\n", "cannot be read"),
}


@pytest.mark.parametrize(("content", "message"), SERIES_ROWS.values(), ids=SERIES_ROWS)
def test_a_bad_series_is_named(tmp_path, content, message):
    path = tmp_path / "series.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_series(path)
    assert f"spectrum.experiment = '{path}'" in str(caught.value)


def test_published_factors_are_numbers(tmp_path):
    path = tmp_path / "elf.csv"
    path.write_text("molarity_M,factor,factor_err\n1,large,0.1\n")
    with pytest.raises(InputError, match=r"elf.published = .*factor holds text, 'large' in row 1"):
        read_published(str(path))
    path.write_text("molarity_M,factor,factor_err\n1,,0.1\n")
    with pytest.raises(InputError, match="factor is not a finite number"):
        read_published(str(path))


SOURCES = ["5 $ and $\\frac{$", "100 % of $x", "a_b^{c} \\undefined $\\undefined$", "$", "{\\"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_is_drawn_as_it_is_written(tmp_path, source):
    path = tmp_path / "series.csv"
    path.write_text(SERIES.replace("test data", source))
    shifts = pd.DataFrame(
        {
            "system": ["1M", "2M"],
            "molarity_M": [1.0, 2.0],
            "change_ppm": [0.0, -0.3],
            "change_sampling_err_ppm": [0.0, 0.05],
            "change_model_err_ppm": [0.0, 0.05],
        }
    )
    figure = shift_against_concentration(shifts, read_series(path), Figures())
    save(figure, [tmp_path / "figure.pdf", tmp_path / "figure.png"], 50)
    assert figure.axes[0].get_title(loc="left") == f"measured: {as_written(source)}"
