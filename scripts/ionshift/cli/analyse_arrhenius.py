"""`ionshift analyse arrhenius`: activation energies of correlation times and hop rates."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

PER_PS, PER_NS = 1e12, 1e9
TIMES = ("mean_time_ps", "mean_time_err_ps")
RATES = ("rate_per_ns", "rate_err_per_ns")


def arrhenius(
    tables: Annotated[
        list[Path],
        typer.Argument(help="decay.csv or *_hop_rate.csv of several temperatures (temperature_K)."),
    ],
    out: Annotated[Path, typer.Option(help="CSV of the result.")] = Path("arrhenius.csv"),
) -> None:
    """Activation energy from tables of `ionshift analyse quadrupolar --temperature-K`.

    Example: `ionshift analyse arrhenius 600/decay.csv 700/decay.csv 800/decay.csv`.
    """
    import pandas as pd

    from ionshift.core.errors import InputError
    from ionshift.core.files import write_table
    from ionshift.statistics import arrhenius

    rates = pd.concat([_rates(path) for path in tables], ignore_index=True)
    known = rates[rates["rate_per_s"] > 0]
    if known["quantity"].nunique() > 1:
        raise InputError("tables of decays and of hops are mixed; fit them one after the other")
    found = arrhenius.fit(known["temperature_K"], known["rate_per_s"], known["rate_err_per_s"])
    table = pd.DataFrame([vars(found) | {"n_bounds": len(rates) - len(known)}])
    write_table(table, out, name="arrhenius")
    if len(known) < len(rates):
        print(f"{len(rates) - len(known)} of {len(rates)} tables have a bound alone: left out")
    print(
        f"E_a = {found.activation_eV:.3f} +- {found.activation_err_eV:.3f} eV, {len(known)} points"
    )


def _rates(path: Path) -> "pd.DataFrame":
    """quantity, temperature_K, rate_per_s (NaN or 0 where it is not known) and rate_err_per_s."""
    from ionshift.core.errors import InputError
    from ionshift.core.user_tables import read_user_table

    table = read_user_table(
        path,
        needed=["temperature_K"],
        numbers=["temperature_K", *TIMES, *RATES],
        remedy="give --temperature-K",
    )
    if set(TIMES) <= set(table):
        time_ps, err_ps = (table[name] for name in TIMES)
        rate, err = PER_PS / time_ps, PER_PS * err_ps / time_ps**2
    elif set(RATES) <= set(table):
        rate, err = (PER_NS * table[name] for name in RATES)
    else:
        raise InputError(
            f"{path}: neither mean_time_ps nor rate_per_ns with its error; give decay.csv of a run"
        )
    quantity = "decay" if TIMES[0] in table else "hops"
    return table[["temperature_K"]].assign(quantity=quantity, rate_per_s=rate, rate_err_per_s=err)
