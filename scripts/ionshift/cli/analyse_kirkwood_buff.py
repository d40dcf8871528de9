"""Kirkwood-Buff integrals of a user's g(r), printed and written as CSV."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ionshift.core.curves import Quantity, read_curves
from ionshift.core.errors import InputError
from ionshift.core.files import write_table
from ionshift.thermodynamics import kirkwood_buff_tables as tables
from ionshift.thermodynamics import pitzer

DISTANCE = Quantity("r", {"A": 1.0, "nm": 10.0})
DISTRIBUTION = Quantity("g", {"": 1.0})


def salt(
    cation: str | None,
    anion: str | None,
    solvent: str | None,
    molarity_M: float | None,
    stoichiometry: tuple[int, int],
) -> tables.Salt | None:
    """The salt whose activity is asked for; None if nothing of it is named."""
    given = {"--cation": cation, "--anion": anion, "--solvent": solvent, "--molarity-M": molarity_M}
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == len(given):
        return None
    if cation is None or anion is None or solvent is None or molarity_M is None:
        raise InputError(f"the derivative of the activity needs {', '.join(missing)} as well")
    return tables.Salt(cation, anion, solvent, molarity_M, stoichiometry)


def main(
    files: Sequence[str],
    length_unit: str | None,
    box_edge_A: float | None,
    salt: tables.Salt | None,
    measured: str | None,
    normalise: bool,
    tolerances: tuple[float, float],
    out: Path,
) -> None:
    """Print integrals and derivatives; write them to `out` and the running ones beside it."""
    if measured is not None and salt is None:
        raise InputError("--measured needs --cation, --anion, --solvent and --molarity-M as well")
    reference = None if measured is None else pitzer.salt_named(measured)
    curves = read_curves(files, DISTANCE, DISTRIBUTION, "pair", length_unit)
    found = tables.gather(curves, box_edge_A)
    results, running = tables.integrals(found, box_edge_A, normalise, tolerances[0])
    results = results.assign(quantity="G_A3").rename(columns=lambda name: name.removesuffix("_A3"))
    running = running.assign(quantity="G_A3").rename(columns=lambda name: name.removesuffix("_A3"))
    if salt is not None:
        more, more_running = tables.derivatives(found, salt, box_edge_A, normalise, tolerances[1])
        labels = {"quantity": "dlna_dlnc", "pair": f"{salt.cation}-{salt.anion}"}
        results = pd.concat([results, more.assign(**labels)], ignore_index=True)
        running = pd.concat([running, more_running.assign(**labels)], ignore_index=True)
    order = ["quantity", "pair", "method"]
    results = results[order + [name for name in results if name not in order]]
    running = running[order + [name for name in running if name not in order]]
    write_table(results, out, name="kirkwood_buff")
    running_path = out.with_name(f"{out.stem}_running{out.suffix}")
    write_table(running, running_path, name="kirkwood_buff_running")
    for row in results.to_dict("records"):
        print(_sentence(row))
    if reference is not None and salt is not None:
        derivative = float(reference.activity_derivative(salt.molarity_M))
        print(f"measured: d ln a / d ln c {derivative:.3f} ({reference.name}, {reference.source})")
    print(f"written: {out}, {running_path}")


def _sentence(row: dict) -> str:
    unit = " A^3" if row["quantity"] == "G_A3" else ""
    name = f"G({row['pair']})" if unit else "d ln a / d ln c"
    start = f"{name:16} {row['method']:20}"
    if row["reason"]:
        return f"{start} {row['reason']}"
    digits = ".1f" if unit else ".3f"
    error = (
        f"+- {row['value_err']:{digits}}" if row["n_replicas"] > 1 else "(one replica: no error)"
    )
    return f"{start} {row['value']:{digits}} {error}{unit}, drift {row['drift']:{digits}}"
