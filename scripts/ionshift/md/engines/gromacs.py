"""GROMACS as an engine: one mdrun a stage, restarts from its own checkpoints."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ionshift.config.md import MD
from ionshift.core.errors import InputError
from ionshift.md.stages import (
    XTC_PRECISION_PER_NM,
    SimulationError,
    State,
    blown_up,
    derived_seed,
    guard,
)
from ionshift.systems.forcefield import write_gromacs

if TYPE_CHECKING:
    from ionshift.md.stages import Progress, Stage

CHECKPOINT_MINUTES = 0.25
COMPRESSIBILITY_PER_BAR = 1e-4
TAU_T_PS = 0.5
TAU_P_PS = 2.0
# Steps between pair lists. A longer life needs a longer list, which must fit in half the box.
PAIR_LIST_STEPS = 10
POLL_S = 0.5
SIGNS_OF_BLOW_UP = ("LINCS", "constraint", "NaN", "not finite", "extremely high", "infinite")

COMMON_MDP = """\
cutoff-scheme = Verlet
nstlist = {list_steps}
coulombtype = PME
ewald-rtol = 1e-5
vdw-modifier = none
coulomb-modifier = none
DispCorr = EnerPres
constraints = none
constraint-algorithm = lincs
lincs-order = 4
lincs-iter = 2
continuation = no
gen-vel = no
comm-mode = Linear
"""


def find_executable() -> str:
    """Path of gmx. Raises InputError when GROMACS is not installed."""
    executable = shutil.which("gmx")
    if executable is None:
        raise InputError(
            "md.engine: gromacs given, but gmx is not on the PATH; install GROMACS (conda-forge: "
            "gromacs, Debian: gromacs) or take md.engine: openmm, which needs nothing else"
        )
    return executable


def version() -> str:
    """Version of GROMACS as gmx tells it."""
    report = subprocess.run([find_executable(), "--version"], capture_output=True, text=True)
    match = re.search(r"GROMACS version:\s*(\S+)", report.stdout)
    return match.group(1) if match else "unknown"


class GromacsEngine:
    """Runs stages with gmx. Every stage has its folder; names there begin with `md`."""

    name = "gromacs"

    def __init__(self, job):
        self.job = job
        self.gmx = find_executable()

    def versions(self) -> dict[str, str]:
        return {"gromacs": version()}

    def advance(
        self, stage: Stage, start: State, folder: Path, progress: Progress
    ) -> tuple[list[tuple[float, ...]], float | None]:
        """Run or go on with a stage and leave `state.npz`; returns thermo rows and ns/day."""
        if not (folder / "md.tpr").is_file():
            self._prepare(stage, start, folder)
        if not (folder / "md.g96").is_file():
            self._mdrun(stage, folder, progress)
        read_g96(folder / "md.g96").save(folder / "state.npz")
        return self._thermo(stage, start, folder), _ns_per_day(folder / "md.log")

    def frame_files(self, folder: Path) -> list[Path]:
        """Trajectory files of a finished stage, in order of time."""
        return [folder / "md.xtc"]

    def _prepare(self, stage, start, folder):
        job = self.job
        job.topology.setPeriodicBoxVectors(np.diag(start.edges_nm))
        write_gromacs(
            job.topology,
            job.system,
            start.positions_nm,
            job.el,
            folder / "start",
            velocities_nm_ps=start.velocities_nm_ps,
        )
        (folder / "md.mdp").write_text(mdp(stage, job.md, derived_seed(job.seed, stage.name)))
        files = ["-f", "md.mdp", "-c", "start.gro", "-p", "start.top", "-po", "full.mdp"]
        self._gmx("grompp", *files, "-o", "writing.tpr", folder=folder)
        os.replace(folder / "writing.tpr", folder / "md.tpr")

    def _gmx(self, tool, *arguments, folder, answers=None):
        done = subprocess.run(
            [self.gmx, "-nobackup", tool, *arguments],
            cwd=folder,
            input=answers,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise SimulationError(f"gmx {tool} failed in {folder}:\n{_last_words(done.stdout)}")
        return done.stdout

    def _mdrun(self, stage, folder, progress):
        command = [self.gmx, "-nobackup", "mdrun", "-v", "-s", "md.tpr"]
        command += ["-g", "md.log", "-e", "md.edr", "-x", "md.xtc", "-o", "md.trr"]
        command += ["-c", "final.g96", "-cpo", "md.cpt", "-cpt", str(CHECKPOINT_MINUTES)]
        command += ["-ntmpi", "1", "-ntomp", str(self.job.threads), "-pin", "off", "-notunepme"]
        if self.job.md.deterministic:
            command += ["-reprod"]
        if stage.ensemble == "NPT":
            # mdrun would lengthen the list to fit the box of now, which may yet shrink.
            command += ["-nstlist", str(PAIR_LIST_STEPS)]
        # Between two renames of a new checkpoint only the one before it is there.
        for checkpoint in ("md.cpt", "md_prev.cpt"):
            if (folder / checkpoint).is_file():
                command += ["-cpi", checkpoint]
                break
        environment = {**os.environ, "OMP_NUM_THREADS": str(self.job.threads)}
        console = folder / "mdrun.out"
        with open(console, "wb") as file:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                preexec_fn=_die_with_parent,
            )
            try:
                self._watch(process, stage, console, progress)
            except BaseException:
                process.kill()
                process.wait()
                raise
        report = console.read_text(errors="replace")
        if process.returncode != 0 or not (folder / "final.g96").is_file():
            if any(sign in report for sign in SIGNS_OF_BLOW_UP):
                raise blown_up(stage.name, f"gmx mdrun stopped in {folder}\n{_last_words(report)}")
            raise SimulationError(f"gmx mdrun failed in {folder}:\n{_last_words(report)}")
        os.replace(folder / "final.g96", folder / "md.g96")

    def _watch(self, process, stage, console, progress):
        first = None
        while process.poll() is None:
            time.sleep(POLL_S)
            step = _last_step(console)
            if step is None:
                continue
            if first is None:  # after a restart this is where the checkpoint was
                first = step
                progress.begin(stage, step * stage.timestep_ps)
            progress.update(step * stage.timestep_ps)

    def _thermo(self, stage, start, folder):
        terms = ["Potential", "Temperature"] + (["Volume"] if stage.ensemble == "NPT" else [])
        self._gmx(
            "energy", "-f", "md.edr", "-o", "thermo.xvg", "-xvg", "none", "-dp",
            folder=folder, answers="\n".join(terms) + "\n\n",
        )  # fmt: skip
        table = np.loadtxt(folder / "thermo.xvg", ndmin=2)
        rows = []
        for time_ps, potential, temperature_K, *volume_nm3 in table:
            hottest_K = max(stage.temperature_K, stage.end_temperature_K)
            per_atom = potential / len(start.positions_nm)
            guard(stage.name, f"{time_ps:.3f} ps", hottest_K, temperature_K, per_atom)
            volume_A3 = 1000.0 * volume_nm3[0] if volume_nm3 else start.volume_A3
            rows.append((time_ps, temperature_K, potential, volume_A3))
        return rows


def mdp(stage: Stage, md: MD, seed: int) -> str:
    """Text of the run parameters of a stage."""
    lines = [
        "integrator = md",
        f"dt = {stage.timestep_ps:.6g}",
        f"nsteps = {stage.n_steps}",
        f"ld-seed = {seed}",
        "tcoupl = v-rescale",
        "tc-grps = System",
        f"tau-t = {TAU_T_PS}",
        f"ref-t = {stage.temperature_K}",
        f"rlist = {md.cutoff_A / 10:.6g}",
        f"rcoulomb = {md.cutoff_A / 10:.6g}",
        f"rvdw = {md.cutoff_A / 10:.6g}",
        # 0.12 nm at the usual 0.9 nm: a shorter cutoff leaves sharper charges to the grid.
        f"fourierspacing = {min(0.12, 0.12 * md.cutoff_A / 9.0):.4f}",
        f"nstenergy = {stage.thermo_steps}",
        f"nstcalcenergy = {stage.thermo_steps}",
        f"nstcomm = {stage.thermo_steps}",
        "nstlog = 0",
        "nstxout = 0",
        "nstvout = 0",
        f"nstxout-compressed = {stage.frame_steps}",
        f"compressed-x-precision = {XTC_PRECISION_PER_NM:.0f}",
    ]
    if stage.ensemble == "NPT":
        lines += [
            "pcoupl = C-rescale",
            f"tau-p = {TAU_P_PS}",
            f"ref-p = {md.pressure_bar}",
            f"compressibility = {COMPRESSIBILITY_PER_BAR}",
        ]
    if stage.end_temperature_K != stage.temperature_K:
        lines += [
            "annealing = single",
            "annealing-npoints = 2",
            f"annealing-time = 0 {stage.duration_ps:.6g}",
            f"annealing-temp = {stage.temperature_K} {stage.end_temperature_K}",
        ]
    return "\n".join(lines) + "\n" + COMMON_MDP.format(list_steps=PAIR_LIST_STEPS)


def read_g96(path: str | Path) -> State:
    """State from a .g96 file (positions in nm, velocities in nm/ps, rectangular box)."""
    blocks: dict[str, list[str]] = {}
    rows: list[str] | None = None
    with open(path) as file:
        for line in file:
            word = line.strip()
            if word == "END":
                rows = None
            elif rows is None:
                rows = blocks.setdefault(word, [])
            else:
                rows.append(line)
    coordinates = {
        name: np.array([row[24:].split() for row in blocks[name]], dtype=float)
        for name in ("POSITION", "VELOCITY")
    }
    edges_nm = np.array(blocks["BOX"][0].split()[:3], dtype=float)
    return State(coordinates["POSITION"], coordinates["VELOCITY"], edges_nm)


def _last_step(console):
    """The last step number that `mdrun -v` told, or None."""
    with open(console, "rb") as file:
        file.seek(max(0, os.path.getsize(console) - 4000))
        found = re.findall(rb"step (\d+)", file.read())
    return int(found[-1]) if found else None


def _ns_per_day(log):
    """Speed as mdrun told it at its end, or None."""
    found = re.findall(r"Performance:\s+([\d.]+)", log.read_text(errors="replace"))
    return float(found[-1]) if found else None


def _last_words(report):
    lines = [line for line in report.replace("\r", "\n").splitlines() if line.strip()]
    return "\n".join(lines[-25:])


def _die_with_parent():
    """Linux: kill mdrun when this process dies, even by SIGKILL, so that no orphan writes on."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
