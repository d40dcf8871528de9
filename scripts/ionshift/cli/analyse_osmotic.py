"""Osmotic and activity coefficients from a user's potentials of mean force."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import constants

from ionshift.core.curves import Quantity, read_curves
from ionshift.core.errors import InputError
from ionshift.core.files import write_table
from ionshift.thermodynamics import pitzer, pmf, salt_coefficients
from ionshift.thermodynamics.salt_coefficients import Treatment

MOLARITIES_M = (0.1, 0.5, 1.0, 2.0, 2.5, 3.0)
DISTANCE = Quantity("r", {"A": 1.0, "nm": 10.0})
SIGNS = {"+-": pmf.UNLIKE, "-+": pmf.UNLIKE, "++": pmf.CATIONS, "--": pmf.ANIONS}
J_PER_KCAL = 4184.0


def treatment(
    charges: tuple[int, int],
    temperature_K: float,
    permittivity: float,
    tail_permittivity: str | None,
    short_range: bool,
    align: bool,
    tail_from_A: float | None,
    tail_tolerance_kT: float,
    core_A: float,
) -> Treatment:
    """What the options say about the potentials of mean force."""
    if not charges[0] > 0 > charges[1]:
        raise InputError(f"--charges {charges[0]} {charges[1]}: give cation and anion, as in 1 -1")
    if short_range and tail_permittivity is not None:
        raise InputError("--short-range and --tail-permittivity exclude each other")
    return Treatment(
        charges,
        temperature_K,
        permittivity,
        _tail_permittivity(tail_permittivity, permittivity),
        short_range,
        align,
        tail_from_A,
        tail_tolerance_kT,
        core_A,
    )


def _tail_permittivity(text: str | None, permittivity: float) -> float | None:
    if text is None:
        return permittivity
    if text == "fit":
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value < 1e4:
        raise InputError(f"--tail-permittivity {text}: give fit, or a number from 1 on")
    return value


def compared(name: str | None, experiment: Path | None) -> pitzer.Salt | None:
    """The measured salt to compare with."""
    if name is None:
        return None
    return pitzer.salt_named(name, experiment or pitzer.DATA)


def main(
    files: Sequence[str],
    units: tuple[str | None, str | None],
    molarities_M: Sequence[float] | None,
    treatment: Treatment,
    salt: pitzer.Salt | None,
    volume_cm3_mol: float | None,
    out: Path,
) -> None:
    """Print coefficients against molarity and write them to `out`."""
    if salt is not None and treatment.charges != (1, -1):
        raise InputError(f"--salt {salt.name}: the measured salts are 1:1, leave it out")
    curves = _read(files, units, treatment.temperature_K)
    short = salt_coefficients.prepare(curves, treatment)
    _say_permittivity(short, treatment)
    table = salt_coefficients.measure(
        short,
        treatment,
        np.unique(molarities_M or MOLARITIES_M),
        volume_cm3_mol=_volume(volume_cm3_mol, salt),
        salt=salt,
    )
    write_table(table, out, name="osmotic")
    if salt is not None:
        print(f"measured: {salt.name}, {salt.source}")
    for key, rows in table.groupby(["route", "permittivity"], sort=False):
        print(f"{key[0]}, permittivity {key[1]:.1f}")
        for row in rows.to_dict("records"):
            print(_sentence(row))
    print(f"written: {out}")


def _volume(volume_cm3_mol: float | None, salt: pitzer.Salt | None) -> float:
    if volume_cm3_mol is not None:
        return volume_cm3_mol
    if salt is not None:
        return salt.volume_cm3_mol
    print("no --volume-cm3-mol and no --salt: phi_lr is phi_mm, as if the salt took no space")
    return 0.0


def energies(temperature_K: float) -> Quantity:
    """Energies of potentials of mean force in kT."""
    molar_J = constants.R * temperature_K
    return Quantity(
        "w",
        {
            "kT": 1.0,
            "kJ_mol": 1e3 / molar_J,
            "kcal_mol": J_PER_KCAL / molar_J,
            "eV": constants.e / (constants.k * temperature_K),
        },
    )


def _read(
    files: Sequence[str], units: tuple[str | None, str | None], temperature_K: float
) -> pd.DataFrame:
    curves = read_curves(files, DISTANCE, energies(temperature_K), "pair", *units)
    curves["pair"] = curves["pair"].replace(SIGNS)
    unknown = sorted(set(curves["pair"]) - set(pmf.INDICES))
    if unknown:
        raise InputError(f"{', '.join(unknown)}: a pair is one of {', '.join(pmf.INDICES)}")
    return curves


def _say_permittivity(short: salt_coefficients.ShortRanged, treatment: Treatment) -> None:
    if short.by_pair:
        named = ", ".join(f"{pair} {value:.1f}" for pair, value in short.by_pair.items())
        print(f"permittivity of the tails: {short.tail_permittivity:.1f} ({named})")
    print(f"permittivity of the solution: {treatment.permittivity:.1f}")


def _sentence(row: dict) -> str:
    start = f"{row['molarity_M']:8.4g} M"
    if row["reason"]:
        return f"{start}  {row['reason']}"
    text = f"{start}  phi {row['phi_lr']:.3f}{_error(row, 'phi_lr_err', 'phi_mm_tail_err')}"
    text += f"  ln gamma {row['ln_gamma_lr']:.3f}"
    text += _error(row, "ln_gamma_lr_err", "ln_y_mm_tail_err")
    if not np.isnan(row["phi_measured"]):
        text += f"  measured {row['phi_measured']:.3f} {row['ln_gamma_measured']:.3f}"
    return text


def _error(row: dict, both: str, tail: str) -> str:
    if not np.isnan(row[both]):
        return f" +- {row[both]:.3f}"
    if not np.isnan(row[tail]):
        return f" +- {row[tail]:.3f} (tail; sampling not known)"
    return ""
