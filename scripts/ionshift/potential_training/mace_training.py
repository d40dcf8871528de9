"""Training with mace-torch: its command in a process of its own, watched and restarted.

mace-torch 0.3.16 counts epochs without improvement and then goes on all the same (it leaves its
loop in distributed training alone), so the waiting ends here: the process is ended, and a second
one that has no epoch left writes the model of the best checkpoint.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from ase.data import atomic_numbers

from ionshift.config.potential_training import PotentialModel
from ionshift.core.errors import InputError
from ionshift.potential_training import frames as frame_files

if TYPE_CHECKING:
    from ase import Atoms

NAME = "potential"
POLL_S = 0.5
LOG_EVERY_S = 60
LAST_LINES = 12
METRICS = {
    "loss": ("loss", 1),
    "rmse_e_per_atom": ("energy_rmse_meV_atom", 1000),
    "mae_e_per_atom": ("energy_mae_meV_atom", 1000),
    "rmse_f": ("force_rmse_meV_A", 1000),
    "mae_f": ("force_mae_meV_A", 1000),
}
"""mace-torch's names of validation errors (eV, A) to ours, with the factor."""


def train(
    parts: Mapping[str, Sequence[Atoms]],
    atom_energies: Mapping[str, float] | None,
    settings: PotentialModel,
    seed: int,
    folder: Path,
    threads: int = 1,
    log: Callable[[str], None] = print,
) -> tuple[Path, pd.DataFrame]:
    """Train one MACE model; goes on from the checkpoints that `folder` holds.

    Parameters
    ----------
    parts : dict of train and valid to labelled frames
    atom_energies : symbol to energy in eV; None: average of the frames
    settings : config.PotentialModel

    Returns
    -------
    (path of the model, DataFrame: validation errors by epoch)

    Raises
    ------
    InputError
        if mace-torch is missing or ends with an error.
    """
    folder = Path(folder)
    for name in ("train", "valid"):
        frame_files.write(folder / f"{name}.extxyz", parts[name])
    _drop_damaged(folder / "checkpoints", log)
    arguments = _arguments(parts, atom_energies, settings, seed)
    best = _run_until_stopped(folder, arguments, settings, threads, log)
    model = folder / f"{NAME}.model"
    if best is not None:
        log(f"no better validation loss for {settings.patience} epochs, best epoch {best}")
        done = _start(folder, arguments, best, threads).wait()
        _check_end(done, folder)
    if not model.is_file():
        raise InputError(f"mace-torch wrote no model to {model}; see {_log_path(folder)}")
    shutil.rmtree(folder / "checkpoints")
    return model, epochs(folder)


def _arguments(parts, atom_energies, settings, seed):
    energies = "average"
    if atom_energies is not None:
        energies = str({atomic_numbers[name]: value for name, value in atom_energies.items()})
    values = {
        "name": NAME,
        "seed": seed,
        "train_file": "train.extxyz",
        "valid_file": "valid.extxyz",
        "energy_key": "REF_energy",
        "forces_key": "REF_forces",
        "stress_key": "REF_stress",
        "E0s": energies,
        "model": "ScaleShiftMACE",
        "num_channels": settings.channels,
        "max_L": settings.max_L,
        "max_ell": settings.max_ell,
        "correlation": settings.correlation,
        "num_interactions": settings.n_layers,
        "num_radial_basis": settings.n_radial,
        "r_max": settings.cutoff_A,
        "batch_size": min(settings.batch_size, len(parts["train"])),
        "valid_batch_size": min(settings.batch_size, len(parts["valid"])),
        "patience": settings.patience,
        "scheduler_patience": max(1, settings.patience // 3),
        "lr": settings.learning_rate,
        "energy_weight": settings.energy_weight,
        "forces_weight": settings.forces_weight,
        "ema_decay": 0.99,
        "eval_interval": 1,
        "error_table": "PerAtomRMSE",
        "device": settings.device,
        "default_dtype": settings.dtype,
        "plot": False,
    }
    flags = ["--ema", "--keep_checkpoints", "--restart_latest", "--save_cpu"]
    if settings.stress_weight:
        values |= {
            "loss": "universal",
            "stress_weight": settings.stress_weight,
            "compute_stress": True,
        }
    else:
        values["loss"] = "weighted"
    if settings.repulsion:
        flags.append("--pair_repulsion")
    return [*(f"--{key}={value}" for key, value in values.items()), *flags]


def _start(folder, arguments, max_epochs, threads):
    command = [sys.executable, "-m", "mace.cli.run_train", *arguments]
    with _log_path(folder).open("a") as log:
        return subprocess.Popen(
            [*command, f"--max_num_epochs={max_epochs}"],
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": str(threads), "CUDA_MODULE_LOADING": "LAZY"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _run_until_stopped(folder, arguments, settings, threads, log):
    """Train; the best epoch if the patience ended, None if the process came to its own end."""
    start = _n_lines(folder)
    process = _start(folder, arguments, settings.max_epochs, threads)
    said = time.monotonic()
    try:
        while process.poll() is None:
            time.sleep(POLL_S)
            rows = _evaluations(folder, start)
            if rows and time.monotonic() - said > LOG_EVERY_S:
                said = time.monotonic()
                log(_progress(rows[-1], settings))
            best = _best(rows)
            if rows and len(rows) - 1 - best >= settings.patience:
                return rows[best]["epoch"]
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    _check_end(process.returncode, folder)
    return None


def _best(rows):
    return min(range(len(rows)), key=lambda i: rows[i]["loss"], default=0)


def _progress(row, settings):
    return (
        f"epoch {row['epoch']} of at most {settings.max_epochs}: validation RMSE "
        f"{1000 * row['rmse_e_per_atom']:.2f} meV/atom, {1000 * row['rmse_f']:.0f} meV/A"
    )


def _check_end(returncode, folder):
    if returncode == 0:
        return
    path = _log_path(folder)
    text = path.read_text(errors="replace") if path.is_file() else ""
    if "No module named 'mace'" in text or "No module named mace" in text:
        raise InputError(
            "potential_training.model.backend = 'mace': the Python package mace-torch cannot be "
            "imported; make the environment envs/potential_mace.yaml, or install it with pip"
        )
    last = "\n".join(text.splitlines()[-LAST_LINES:])
    raise InputError(f"mace-torch ended with {returncode}; see {path}. Its last lines:\n{last}")


def _log_path(folder):
    return folder / "mace.log"


def _drop_damaged(checkpoints, log):
    """Remove checkpoints that a kill has cut off; those before them are still there."""
    for path in checkpoints.glob("*.pt"):
        if not zipfile.is_zipfile(path):
            log(f"checkpoint {path.name} was cut off, going on from the one before")
            path.unlink()


def _lines(folder):
    found = list((folder / "results").glob(f"{NAME}_run-*_train.txt"))
    return found[0].read_text().splitlines() if found else []


def _n_lines(folder):
    return len(_lines(folder))


def _evaluations(folder, start=0):
    """Rows of validation errors from line `start` on; a line that is being written is left out."""
    rows = []
    for line in _lines(folder)[start:]:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if row.get("mode") == "eval" and row.get("epoch") is not None:
            rows.append(row)
    return rows


def epochs(folder: Path) -> pd.DataFrame:
    """Validation errors by epoch; of an epoch that was repeated after a kill the last ones."""
    table = pd.DataFrame(_evaluations(folder)).drop_duplicates("epoch", keep="last")
    columns = {ours: table[theirs] * factor for theirs, (ours, factor) in METRICS.items()}
    return pd.DataFrame({"epoch": table["epoch"].astype(int), **columns}).sort_values("epoch")
