"""Values as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionshift.statistics.rounding import percent, rounded_error, significant, with_error

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-0.2423, 0.0638, "−0.24 ± 0.06"),
        (0.1152, 0.0123, "0.115 ± 0.012"),
        (2.26, 0.32, "2.3 ± 0.3"),
        (0.0904, 0.0196, "0.09 ± 0.02"),
        (0.5, 0.0096, "0.500 ± 0.010"),
        (-0.001, 0.04, "0.00 ± 0.04"),
        (1234.0, 56.0, "1,230 ± 60"),
        (44.2, 9.4, "44 ± 9"),
        (0.5, 0.0, "0.500"),
        (0.1234, NAN, "0.123 (error not known)"),
        (NAN, 0.1, "not known"),
        (NAN, NAN, "not known"),
    ],
)
def test_value_with_its_error(value, error, text):
    assert with_error(value, error) == text


@given(st.floats(-1e3, 1e3), st.floats(1e-4, 1e2))
def test_rounding_stays_within_the_error(value, error):
    shown, _, shown_error = with_error(value, error).replace("−", "-").partition(" ± ")
    shown, shown_error = float(shown.replace(",", "")), float(shown_error)
    assert abs(shown - value) <= 0.5 * error
    assert abs(shown_error - error) <= 0.26 * error


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0635, 2, "0.064"),
        (9.96, 2, "10"),
        (1234.5, 2, "1,200"),
        (0, 2, "0"),
        (NAN, 2, "not known"),
    ],
)
def test_significant_digits(value, digits, text):
    assert significant(value, digits) == text


def test_an_error_alone():
    assert [rounded_error(error) for error in (0.0635, 0.014, 0.0, NAN)] == [
        *("0.06", "0.014", "0"),
        "not known",
    ]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.22, "22 %"),
        (0.9964, "99.6 %"),
        (0.99999, "99.9 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.0123, "1.2 %"),
        (NAN, "not known"),
    ],
)
def test_percent(share, text):
    assert percent(share) == text


def test_percent_with_an_error():
    assert percent(0.442, 0.094) == "44 ± 9 %"
    assert percent(0.442, NAN) == "44 % (error not known)"
    assert percent(NAN, NAN) == "not known"
