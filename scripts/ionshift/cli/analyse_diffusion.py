"""Diffusion coefficients of a user's mean-square displacements, printed and written as CSV."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ionshift.core.curves import Quantity, read_curves
from ionshift.core.errors import InputError
from ionshift.core.files import write_table
from ionshift.transport import displacement_curves

TIME = Quantity("time", {"ps": 1.0, "ns": 1e3, "fs": 1e-3})
SQUARE = Quantity("msd", {"A2": 1.0, "nm2": 100.0})
ROOT = Quantity("rmsd", {"A": 1.0, "nm": 10.0})
CM2_PER_M2 = 1e4


def box(
    edge_A: float | None, temperature_K: float | None, viscosity_mPa_s: float | None
) -> displacement_curves.Box | None:
    """What the finite-size correction needs: all of it or nothing."""
    given = {
        "--box-edge-A": edge_A,
        "--temperature-K": temperature_K,
        "--viscosity-mPa-s": viscosity_mPa_s,
    }
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == len(given):
        return None
    if edge_A is None or temperature_K is None or viscosity_mPa_s is None:
        raise InputError(f"the finite-size correction needs {', '.join(missing)} as well")
    return displacement_curves.Box(edge_A, temperature_K, viscosity_mPa_s)


def main(
    files: Sequence[str],
    time_unit: str | None,
    time_step_ps: float | None,
    msd_unit: str | None,
    window_ps: tuple[float, float] | None,
    slope_tolerance: float,
    box: displacement_curves.Box | None,
    out: Path,
) -> None:
    """Print the coefficients of every species and write them to `out`."""
    if window_ps is not None and not 0 <= window_ps[0] < window_ps[1]:
        raise InputError(
            f"--window-ps {window_ps[0]:g} {window_ps[1]:g}: give from, to, rising from 0"
        )
    curves = _read(files, time_unit, time_step_ps, msd_unit)
    table = displacement_curves.coefficients(curves, box, window_ps, slope_tolerance)
    write_table(table, out, name="displacement_diffusion")
    for row in table.to_dict("records"):
        print(_sentence(row))
    print(f"written: {out}")


def _read(files, time_unit, time_step_ps, msd_unit):
    if time_step_ps is not None and time_unit is not None:
        raise InputError("give --time-unit or --time-step-ps, not both")
    time = TIME if time_step_ps is None else Quantity("time", {"ps": time_step_ps})
    if msd_unit is None or not msd_unit.startswith("root_"):
        return read_curves(files, time, SQUARE, "species", time_unit, msd_unit)
    curves = read_curves(files, time, ROOT, "species", time_unit, msd_unit.removeprefix("root_"))
    root_A, error_A = curves.pop("rmsd_A"), curves.pop("rmsd_err_A")
    return curves.assign(msd_A2=root_A**2, msd_err_A2=2 * root_A * error_A)


def _sentence(row: dict) -> str:
    start = f"{row['species']:10}"
    if row["reason"]:
        return f"{start} {row['reason']}"
    known = not np.isnan(row["d_err_m2_s"])
    error = f"+- {_cm2_s(row['d_err_m2_s'])}" if known else "(error not known)"
    text = f"{start} D = {_cm2_s(row['d_m2_s'])} {error} 1e-5 cm2/s in the box"
    if np.isnan(row["correction_m2_s"]):
        return f"{text}, not corrected for its size"
    return f"{text}, {_cm2_s(row['corrected_d_m2_s'])} in an infinite one"


def _cm2_s(value_m2_s: float) -> str:
    return f"{value_m2_s * CM2_PER_M2 * 1e5:.3f}"
