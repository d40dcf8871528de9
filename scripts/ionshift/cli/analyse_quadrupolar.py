"""`ionshift analyse quadrupolar`: correlation times and hop rates from EFG tensors of a user."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

FIGURES = {"autocorrelation": ("autocorrelation", "decay"), "alignment_echo": ("echo",)}
"""Function of `figures.quadrupolar` to the tables that it draws."""


def quadrupolar(
    tensors: Annotated[
        list[Path],
        typer.Argument(
            help="EFG tensors along runs: npz, parquet or extxyz; each file is a replica."
        ),
    ],
    dt_ps: Annotated[
        float | None,
        typer.Option(
            "--dt-ps", min=1e-6, help="Time between frames, if the files have no time_ps."
        ),
    ] = None,
    nuclide: Annotated[str, typer.Option(help="Nuclide, such as 7Li.")] = "7Li",
    window_ps: Annotated[
        float, typer.Option("--window-ps", min=0.0, help="Average tensors over it first; 0: not.")
    ] = 0.0,
    fit_from_ps: Annotated[
        float, typer.Option("--fit-from-ps", min=0.0, help="First lag of the fits.")
    ] = 0.0,
    max_lag_share: Annotated[
        float, typer.Option(min=0.01, max=0.95, help="Longest lag over the length of a run.")
    ] = 0.5,
    evolution_us: Annotated[
        list[float] | None,
        typer.Option("--evolution-us", help="Evolution time of the echo; may be given again."),
    ] = None,
    sites: Annotated[
        Path | None, typer.Option(help="Structure whose atoms are the sites, to count hops.")
    ] = None,
    core_A: Annotated[
        float | None,
        typer.Option("--core-A", help="Radius of a site's core; else from the nearest two sites."),
    ] = None,
    hop_distance_A: Annotated[
        float | None,
        typer.Option("--hop-distance-A", help="Count hops by displacement beyond this distance."),
    ] = None,
    temperature_K: Annotated[
        float | None, typer.Option("--temperature-K", min=1.0, help="Written into the tables.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of tables and figures.")] = Path("quadrupolar"),
) -> None:
    """Quadrupolar correlation time, spin-alignment echo and hop rates from EFG tensors.

    Examples: `ionshift analyse quadrupolar run1.npz run2.npz --dt-ps 0.2 --window-ps 2`;
    `ionshift analyse quadrupolar run.extxyz --evolution-us 10 --evolution-us 20 --sites li.cif`.
    """
    from ionshift.nmr import efg_files, quadrupolar_analysis
    from ionshift.nmr.nuclides import NUCLIDES

    chosen = NUCLIDES.get(nuclide)
    runs = efg_files.read_runs(tensors, chosen, dt_ps)
    tables = {"couplings": quadrupolar_analysis.coupling_table(runs, chosen)}
    how = (window_ps, fit_from_ps, max_lag_share)
    tables |= quadrupolar_analysis.decay_tables(runs, chosen, *how)
    if evolution_us:
        tables |= quadrupolar_analysis.echo_tables(
            runs, chosen, list(dict.fromkeys(evolution_us)), *how
        )
    if sites:
        positions = quadrupolar_analysis.read_sites(sites)
        tables |= quadrupolar_analysis.site_hop_tables(runs, positions, core_A)
    if hop_distance_A is not None:
        tables |= quadrupolar_analysis.displacement_hop_tables(runs, hop_distance_A, window_ps)
    _write(tables, temperature_K, out)
    print("\n".join(_sentences(tables)))
    draw(out)
    print(f"tables and figures: {out}")


def quadrupolar_figures(
    folder: Annotated[Path, typer.Argument(help="Folder of `ionshift analyse quadrupolar`.")],
) -> None:
    """Draw the figures of `ionshift analyse quadrupolar` again from its tables."""
    for path in draw(folder):
        print(path)


def draw(folder: Path) -> list[Path]:
    """Draw every figure whose tables are in a folder; returns the files.

    Raises
    ------
    InputError
        if there are no tables.
    """
    from ionshift.config.figures import Figures
    from ionshift.core.errors import InputError
    from ionshift.core.files import read_table
    from ionshift.figures import quadrupolar as figures
    from ionshift.figures.style import save

    style, written = Figures(), []
    for name, needed in FIGURES.items():
        paths = {f"quadrupolar_{table}": folder / f"{table}.csv" for table in needed}
        if all(path.is_file() for path in paths.values()):
            tables = [read_table(path, name=table) for table, path in paths.items()]
            figure = getattr(figures, name)(*tables, style)
            files = [folder / f"{name}.pdf", folder / f"{name}.png"]
            save(figure, files, style.dpi)
            written += files
    if not written:
        raise InputError(f"{folder}: no tables of ionshift analyse quadrupolar; run it first")
    return written


def _write(tables: dict[str, "pd.DataFrame"], temperature_K: float | None, out: Path) -> None:
    from ionshift.core.files import write_table

    for name, table in tables.items():
        if temperature_K is not None and len(table) == 1:
            table = table.assign(temperature_K=temperature_K)
        write_table(table, out / f"{name}.csv", name=f"quadrupolar_{name}")


def _sentences(tables: dict[str, "pd.DataFrame"]) -> Sequence[str]:
    found = tables["decay"].iloc[0]
    coupling = tables["couplings"]["abs_coupling_kHz"].mean()
    lines = [f"{found['nuclide']}: mean |C_Q| {coupling:.3g} kHz, {found['n_paths']} paths"]
    lines.append(f"autocorrelation of nu_Q: {_time(found)}")
    for row in tables["echo_decays"].to_dict("records") if "echo_decays" in tables else ():
        lines.append(f"echo, evolution time {row['evolution_us']:g} us: {_time(row)}")
    for name in ("site", "displacement"):
        if f"{name}_hop_rate" in tables:
            rate = tables[f"{name}_hop_rate"].iloc[0]
            lines.append(f"hops by {name}: {_rate(rate)}")
    return lines


def _time(row: Mapping[str, Any]) -> str:
    if row["status"] != "known":
        bound = row["mean_time_lower_ps"]
        return f"lower bound, mean correlation time > {bound:.3g} ps ({row['reason']})"
    return (
        f"mean correlation time {_pm(row['mean_time_ps'], row['mean_time_err_ps'])} ps (tau "
        f"{_pm(row['tau_ps'], row['tau_err_ps'])} ps, beta {_pm(row['beta'], row['beta_err'])}, "
        f"offset {_pm(row['offset'], row['offset_err'])})"
    )


def _rate(row: Mapping[str, Any]) -> str:
    if row["n_hops"] == 0:
        return f"none seen, rate below {row['rate_upper_per_ns']:.3g} per ion and ns (95 %)"
    rate = _pm(row["rate_per_ns"], row["rate_err_per_ns"])
    return f"{rate} per ion and ns, {row['n_hops']:.0f} hops"


def _pm(value: float, error: float) -> str:
    known = error == error  # not NaN
    return f"{value:.3g} +- {error:.2g}" if known else f"{value:.3g} (error not known)"
