"""Numbers as people write them: a value rounded to what its error allows."""

import math

UNKNOWN = "not known"
NEARLY_ALL = 0.99
MINUS, PLUS_MINUS = "\u2212", "\u00b1"


def with_error(value: float, error: float) -> str:
    """A value with its error, such as `−0.24 ± 0.06`.

    The error has one digit, two if it begins with 1. NaN is what is not known: a value of which
    only the error is unknown has three digits.
    """
    if not math.isfinite(value):
        return UNKNOWN
    if math.isnan(error):
        return f"{significant(value, 3)} (error {UNKNOWN})"
    if not (math.isfinite(error) and error > 0):
        return significant(value, 3)
    decimals = _decimals(error)
    return f"{_fixed(value, decimals)} {PLUS_MINUS} {_fixed(error, decimals)}"


def rounded_error(error: float) -> str:
    """An error alone, with the digits it has in `with_error`."""
    if not math.isfinite(error):
        return UNKNOWN
    return _fixed(error, _decimals(error)) if error > 0 else "0"


def significant(value: float, n_digits: int) -> str:
    """A value with so many significant digits, never as a power of ten."""
    if not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    exponent = int(f"{abs(value):.{n_digits - 1}e}".partition("e")[2])
    return _fixed(value, n_digits - 1 - exponent)


def percent(share: float, error: float | None = None) -> str:
    """A share between 0 and 1 in per cent: two digits, or those that its error allows."""
    if not math.isfinite(share):
        return UNKNOWN
    if error is not None and math.isnan(error):
        return f"{percent(share)} (error {UNKNOWN})"
    if error is not None:
        return f"{with_error(100 * share, 100 * error)} %"
    if NEARLY_ALL < share < 1:
        # Never 100 %: something is missing.
        return f"{min(100 * share, 99.9):.1f} %"
    return f"{significant(100 * share, 2)} %"


def _decimals(error: float) -> int:
    """Decimals that an error allows: negative for tens, hundreds and so on."""
    mantissa, _, exponent = f"{error:.1e}".partition("e")
    return (1 if float(mantissa) < 2 else 0) - int(exponent)


def _fixed(value: float, decimals: int) -> str:
    text = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)
