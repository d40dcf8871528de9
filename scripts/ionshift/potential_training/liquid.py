"""The liquid that a potential makes, against that of the classical MD of the same box.

The classical MD is no truth: the comparison finds a potential whose liquid evaporates, freezes or
binds its ions in another way, and the limits are wide.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.md import MD, PotentialMD
from ionshift.config.potential import Potential
from ionshift.config.potential_training import PotentialValidation
from ionshift.config.shell import Shell
from ionshift.md import driver
from ionshift.md.stages import SimulationError
from ionshift.potential_training.comparison import first_shell
from ionshift.potential_training.validation import check_row
from ionshift.solvation.pairs import pair_table
from ionshift.trajectories.cell import reach_A
from ionshift.trajectories.trajectory import Trajectory, open_run

FRAME_INTERVAL_ps = 0.1
RDF_COLUMNS = ("source", "pair", "r_A", "g", "n")


@dataclass(frozen=True)
class Liquid:
    """A trajectory with its density; without a trajectory the run broke off, as `reason` says."""

    trajectory: Trajectory | None
    density_g_cm3: float
    reason: str = ""


def run(
    potential: Potential,
    electrolyte: Electrolyte,
    system: System,
    md: MD,
    settings: PotentialValidation,
    where: tuple[str | Path, str | Path, int],
    potential_md: PotentialMD,
    threads: int = 1,
    log: Callable[[str], None] = print,
) -> Liquid:
    """MD of a packed box with a potential, after the equilibration with the force field.

    Parameters
    ----------
    potential : config.Potential
    electrolyte, system, md : blocks of the configuration (md: that of the classical MD)
    settings : config.PotentialValidation
    where : (packed box, folder of the run, seed); what is finished there is not run again
    potential_md : config.PotentialMD, whose NPT takes the length of `settings`

    Returns
    -------
    Liquid; one that blew up has no trajectory
    """
    packed, folder, seed = where
    lengths = {
        "production_ps": settings.md_ps,
        "frame_interval_ps": FRAME_INTERVAL_ps,
        "checkpoint_interval_ps": 10 * FRAME_INTERVAL_ps,
    }
    own = md.model_copy(update=lengths | {"engine": "potential"})
    try:
        summary = driver.run(
            "potential",
            electrolyte,
            system,
            own,
            packed,
            folder,
            seed,
            threads,
            log,
            potential,
            potential_md.model_copy(update={"npt_ps": settings.md_npt_ps}),
        )
    except SimulationError as error:
        log(f"the run broke off: {error}")
        return Liquid(None, np.nan, f"blew up: {' '.join(str(error).split())}")
    return Liquid(open_run(folder), summary["density_g_cm3"])


def compare(
    found: Liquid,
    classical: Liquid,
    electrolyte: Electrolyte,
    shell: Shell,
    settings: PotentialValidation,
) -> dict[str, pd.DataFrame]:
    """Density and first peaks of nucleus and ligands, each against its limit.

    Parameters
    ----------
    found, classical : Liquid
    shell : config.Shell; g(r) goes to half the smaller box at most

    Returns
    -------
    dict of DataFrames: checks (as `validation.checks`; no density where the run had no NPT), rdf
    (source, pair, r_A, g, n)
    """
    tables = {"potential": found.trajectory, "classical": classical.trajectory}
    runs = {name: one for name, one in tables.items() if one is not None}
    half_A = min(reach_A(one.frame(0).cell_A) for one in runs.values())
    reach = shell.model_copy(update={"rdf_max_A": min(shell.rdf_max_A, half_A)})
    rdf = [pair_table([one], electrolyte, reach).assign(source=name) for name, one in runs.items()]
    rdf = pd.concat(rdf, ignore_index=True)[list(RDF_COLUMNS)]
    wanted = [f"{electrolyte.nucleus}-{element} (" for element in shell.ligand_elements]
    ligands = rdf[rdf["pair"].str.startswith(tuple(wanted))]
    rows = [_peak_check(ligands, settings.first_peak_A, found.reason)]
    if settings.md_npt_ps > 0:
        rows.insert(0, _density_check(found, classical, settings.density_percent))
    return {"checks": pd.DataFrame(rows), "rdf": rdf}


def _density_check(found, classical, limit_percent):
    deviation = 100 * abs(found.density_g_cm3 / classical.density_g_cm3 - 1)
    detail = found.reason or (
        f"{found.density_g_cm3:.3f} g/cm3, classical {classical.density_g_cm3:.3f}"
    )
    return check_row("density", deviation, limit_percent, "%", detail)


def _peak_check(ligands, limit_A, reason):
    """Mean deviation of the peaks; a peak that one of the two does not have has failed."""
    if reason:
        return check_row("first_peaks", np.nan, limit_A, "A", reason)
    deviations, details = [], []
    for pair, part in ligands.groupby("pair", sort=False):
        shells = {name: first_shell(one) for name, one in part.groupby("source")}
        peaks_A = [shells[name][0] for name in ("potential", "classical")]
        if np.isnan(peaks_A).all():
            continue
        deviations.append(abs(peaks_A[0] - peaks_A[1]))
        listed = [f"{peak:.2f} A, n {n:.1f}" for peak, n in shells.values()]
        details.append(
            f"{pair} {', '.join(f'{k}: {v}' for k, v in zip(shells, listed, strict=True))}"
        )
    value = float(np.mean(deviations)) if deviations else np.nan
    return check_row(
        "first_peaks", value, limit_A, "A", "; ".join(details) or "no peak in either g(r)"
    )
