"""The tables that EFG tensors along a run give: couplings, decays, echoes, hops."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.core.errors import InputError
from ionshift.nmr import alignment_echo
from ionshift.nmr import quadrupolar_correlation as correlation
from ionshift.nmr.efg_runs import EfgRun, averaged
from ionshift.nmr.nuclides import Nuclide
from ionshift.nmr.quadrupolar import couplings
from ionshift.statistics.decay import decay
from ionshift.trajectories.unwrapping import unwrapped_A
from ionshift.transport import hops
from ionshift.transport.hop_rates import rate_row

if TYPE_CHECKING:
    from ase import Atoms

Array = NDArray[np.float64]

HZ_PER_KHZ = 1e3


def coupling_table(runs: Sequence[EfgRun], nuclide: Nuclide) -> pd.DataFrame:
    """A row a nucleus: means over the frames, and the coupling of its mean tensor.

    Returns
    -------
    DataFrame with replica, nucleus, abs_coupling_kHz and asymmetry (means of |C_Q| and eta),
    mean_tensor_coupling_kHz (with its sign) and mean_tensor_asymmetry
    """
    parts = []
    for replica, run in enumerate(runs):
        coupling_Hz, eta = couplings(run.tensors_au, nuclide)
        of_mean_Hz, eta_of_mean = couplings(run.tensors_au.mean(axis=0), nuclide)
        parts.append(
            pd.DataFrame(
                {
                    "replica": replica,
                    "nucleus": np.arange(run.n_nuclei),
                    "abs_coupling_kHz": np.abs(coupling_Hz).mean(axis=0) / HZ_PER_KHZ,
                    "asymmetry": eta.mean(axis=0),
                    "mean_tensor_coupling_kHz": of_mean_Hz / HZ_PER_KHZ,
                    "mean_tensor_asymmetry": eta_of_mean,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def decay_tables(
    runs: Sequence[EfgRun],
    nuclide: Nuclide,
    window_ps: float,
    fit_from_ps: float,
    max_lag_share: float,
) -> dict[str, pd.DataFrame]:
    """`autocorrelation` (curve with fit), `decay` (one row) and `windows`, by name."""
    means = [averaged(run, window_ps) for run in runs]
    one = correlation.autocorrelation(means, nuclide, max_lag_share)
    found = decay(one, fit_from_ps)
    row = {
        "nuclide": nuclide.name,
        "window_ps": window_ps,
        "n_replicas": len(runs),
        "n_paths": len(one.replica),
        "rms_frequency_kHz": correlation.rms_frequency_Hz(means, nuclide) / HZ_PER_KHZ,
    }
    windows = correlation.window_table(
        runs, nuclide, _windows_ps(runs, window_ps), fit_from_ps, max_lag_share
    )
    return {
        "autocorrelation": correlation.correlation_table(one, found),
        "decay": pd.DataFrame([row | correlation.fit_row(found)]),
        "windows": windows,
    }


def _windows_ps(runs: Sequence[EfgRun], window_ps: float) -> list[float]:
    """No window, the one asked for, half and twice of it, where they fit."""
    step_ps, longest_ps = runs[0].step_ps, min(run.length_ps for run in runs) / 2
    n_steps = round(window_ps / step_ps)
    steps = {n_steps, n_steps // 2, 2 * n_steps} - {0, 1}
    return [0.0, *sorted(n * step_ps for n in steps if n * step_ps <= longest_ps)]


def echo_tables(
    runs: Sequence[EfgRun],
    nuclide: Nuclide,
    evolution_us: Sequence[float],
    window_ps: float,
    fit_from_ps: float,
    max_lag_share: float,
) -> dict[str, pd.DataFrame]:
    """`echo` (curves) and `echo_decays` (a row an evolution time), by name."""
    means = [averaged(run, window_ps) for run in runs]
    curves, fits = alignment_echo.tables(means, nuclide, evolution_us, fit_from_ps, max_lag_share)
    return {"echo": curves, "echo_decays": fits}


def read_sites(path: Path) -> Array:
    """Fractional coordinates (n_sites, 3) of all atoms of a structure that ASE reads.

    Raises
    ------
    InputError
        if it cannot be read or has no cell.
    """
    from ase.io import read

    try:
        atoms = cast("Atoms", read(path))
    except Exception as error:  # whatever a reader of text raises
        raise InputError(f"--sites {path} cannot be read ({error}); give a CIF or extxyz") from None
    if not atoms.cell.rank == 3:
        raise InputError(f"--sites {path} has no cell; give the sites in the cell of the run")
    return atoms.get_scaled_positions()


def site_hop_tables(
    runs: Sequence[EfgRun], sites: Array, core_A: float | None
) -> dict[str, pd.DataFrame]:
    """`site_hops` (a row a hop) and `site_hop_rate` (one row), by name.

    Parameters
    ----------
    sites : (n_sites, 3) in units of the cell vectors of the runs
    core_A : radius of the cores of sites
    """
    found, shares = [], []
    for run in runs:
        positions_A, cell_A = _positions(run), _cell(run)
        site, share = hops.occupied_sites(positions_A, sites @ cell_A, cell_A, core_A)
        found.append(hops.between_sites(site, run.step_ps))
        shares.append(share)
    rate = pd.DataFrame([{"core_share": float(np.mean(shares))} | rate_row(found)])
    return {"site_hops": _hop_table(found, runs), "site_hop_rate": rate}


def displacement_hop_tables(
    runs: Sequence[EfgRun], distance_A: float, window_ps: float
) -> dict[str, pd.DataFrame]:
    """`displacement_hops` (a row a hop) and `displacement_hop_rate` (one row), by name.

    Positions of runs without a cell are taken as unwrapped.
    """
    found = []
    for run in runs:
        paths_A = _positions(run)
        if run.cell_A is not None:
            remedy = "store frames more often"
            paths_A = unwrapped_A(paths_A, run.cell_A, f"{run.source}: a nucleus", remedy)
        found.append(hops.by_displacement(paths_A, run.step_ps, distance_A, window_ps))
    rate = pd.DataFrame([{"hop_distance_A": distance_A, "window_ps": window_ps} | rate_row(found)])
    return {"displacement_hops": _hop_table(found, runs), "displacement_hop_rate": rate}


def _positions(run: EfgRun) -> Array:
    if run.positions_A is None:
        raise InputError(
            f"{run.source}: hops need positions_A (npz) or an extxyz file; leave --sites and "
            "--hop-distance-A out"
        )
    return run.positions_A


def _cell(run: EfgRun) -> Array:
    if run.cell_A is None:
        raise InputError(f"{run.source}: hops between sites need the cell, cell_A")
    return run.cell_A


def _hop_table(found: Sequence[hops.Hops], runs: Sequence[EfgRun]) -> pd.DataFrame:
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "replica": replica,
                    "nucleus": one.nucleus,
                    "time_ps": one.frame * run.step_ps,
                    "from_site": one.origin,
                    "to_site": one.target,
                }
            )
            for replica, (one, run) in enumerate(zip(found, runs, strict=True))
        ],
        ignore_index=True,
    )
