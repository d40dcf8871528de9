"""A measured series: changes against the lowest concentration, and a source."""

import numpy as np
import pandas as pd
import pytest

from ionshift.config.figures import Figures
from ionshift.core.errors import InputError
from ionshift.figures.shifts import shift_against_concentration
from ionshift.nmr.experiment import read_series

SERIES = """# source: test data
# 7Li
molarity_M,shift_ppm,error_ppm
3,-1.4,0.03
1,-1.0,0.04
2,-1.1,0.04
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "series.csv"
        path.write_text(text)
        return path

    return write


def test_changes_are_taken_against_the_lowest_concentration(write):
    table = read_series(write(SERIES))
    assert table["molarity_M"].tolist() == [1, 2, 3]
    assert table["change_ppm"].to_numpy() == pytest.approx([0.0, -0.1, -0.4])
    assert table["change_err_ppm"].to_numpy() == pytest.approx([0.0, 0.04 * np.sqrt(2), 0.05])
    assert set(table["source"]) == {"test data"}


def test_a_source_may_be_a_column_and_an_error_unknown(write):
    table = read_series(write("molarity_M,shift_ppm,source\n1,0,test data\n2,1,test data\n"))
    assert set(table["source"]) == {"test data"}
    assert table["change_err_ppm"].iloc[1:].isna().all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SERIES.replace("# source: test data\n", ""), "where its numbers come from; add a line"),
        (SERIES.replace("test data", ""), "where its numbers come from"),
        ("molarity_M,shift_ppm,source\n1,0,test data\n2,1,\n", "where its numbers come from"),
        (SERIES.replace("shift_ppm", "shift_Hz"), "no column shift_ppm; it needs molarity_M and"),
        (SERIES.replace("-1.4", "high"), "shift_ppm holds text, 'high' in row 1"),
        (SERIES.replace("-1.4", ""), "shift_ppm has a value that is not a number"),
        (SERIES.replace("0.03", "-0.03"), "an error_ppm negative"),
        (SERIES.replace("3,-1.4", "2,-1.4"), "two concentrations at least, each once"),
        ("", "cannot be read"),
    ],
)
def test_a_bad_series_is_refused(write, text, message):
    path = write(text)
    with pytest.raises(InputError, match=message) as caught:
        read_series(path)
    assert f"spectrum.experiment = '{path}'" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv' cannot be read"):
        read_series(tmp_path / "gone.csv")


def test_the_series_is_drawn_with_its_source(write):
    shifts = pd.DataFrame(
        {
            "system": ["1M", "2M"],
            "molarity_M": [1.02, 2.03],
            "change_ppm": [0.0, -0.2],
            "change_sampling_err_ppm": [0.0, 0.05],
            "change_model_err_ppm": [0.0, np.nan],
        }
    )
    figure = shift_against_concentration(shifts, read_series(write(SERIES)), Figures())
    axis = figure.axes[0]
    drawn = [line for line in axis.lines if line.get_linestyle() == "--"]
    assert drawn[0].get_ydata() == pytest.approx([0.0, -0.1, -0.4])
    assert axis.get_title(loc="left") == "measured: test data"
    assert "measured, against 1 M" in [text.get_text() for text in axis.get_legend().get_texts()]
    without = shift_against_concentration(shifts, None, Figures())
    assert without.axes[0].get_title(loc="left") == ""
