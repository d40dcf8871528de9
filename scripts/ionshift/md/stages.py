"""The protocol: which stages a run has, what they hand on, and how progress is told."""

import hashlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

from ionshift.config.md import MD, PotentialMD
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path

# The first NPT stage takes steps of half the length: a packed box is far from equilibrium.
WARM_UP_STEP_SCALE = 0.5
# The box cools from the annealing temperature within this share of the annealing time.
COOLING_SHARE = 0.25
# Thermodynamic quantities are written this often, or 20 times a stage if that is more.
THERMO_INTERVAL_PS = 1.0
THERMO_ROWS_AT_LEAST = 20
THERMO_COLUMNS = (
    "stage",
    "time_ps",
    "temperature_K",
    "potential_kJ_mol",
    "density_g_cm3",
    "volume_A3",
)
# Precision of XTC files: positions to 0.001 A.
XTC_PRECISION_PER_NM = 10000.0
# A run that is hotter than this many times its target, or whose potential energy an atom is
# above the second limit, has blown up.
HOTTEST_RATIO = 3.0
HIGHEST_POTENTIAL_KJ_MOL_ATOM = 100.0


class SimulationError(RuntimeError):
    """A simulation broke down: a blow-up, or an engine that stopped with an error."""


@dataclass(frozen=True)
class Stage:
    """One piece of a run at constant conditions (cooling: a linear change of temperature)."""

    name: str
    ensemble: str  # "NVT" or "NPT"; with a potential also "NVE"
    temperature_K: float  # at its start
    end_temperature_K: float
    timestep_fs: float
    n_steps: int
    thermo_steps: int
    frame_steps: int = 0  # 0: no frames are stored
    sets_density: bool = False  # the mean volume of its second half becomes the box
    with_potential: bool = False  # the potential drives it, not the force field
    hand_over: bool = False  # its start is relaxed, and its velocities are drawn anew

    @property
    def timestep_ps(self) -> float:
        return self.timestep_fs / 1000.0

    @property
    def duration_ps(self) -> float:
        return self.n_steps * self.timestep_ps


@dataclass
class State:
    """What one stage hands to the next; arrays have the shapes (atoms, 3) and (3,)."""

    positions_nm: np.ndarray
    velocities_nm_ps: np.ndarray
    edges_nm: np.ndarray

    def save(self, path: str | Path) -> None:
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, **asdict(self))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        with np.load(path) as data:
            return cls(**{name: data[name] for name in data.files})

    @property
    def volume_A3(self) -> float:
        return float(np.prod(self.edges_nm)) * 1000.0


def plan(md: MD, potential_md: PotentialMD | None = None) -> list[Stage]:
    """The stages after minimisation, in order.

    Warm-up (NPT), annealing and cooling (NVT, so that a hot box cannot boil), density (NPT),
    equilibration (NVT at the mean density) and production (NVT). With `potential_md` the force
    field goes as far as the equilibration, and the stages of `_potential_stages` follow.
    """
    cold, hot = md.temperature_K, md.anneal_K
    stages = [_stage("warmup", "NPT", cold, cold, md.npt_ps, md, WARM_UP_STEP_SCALE)]
    if md.anneal_ps > 0:
        stages += [
            _stage("anneal", "NVT", hot, hot, md.anneal_ps, md),
            _stage("cool", "NVT", hot, cold, COOLING_SHARE * md.anneal_ps, md),
        ]
    stages += [
        _stage("density", "NPT", cold, cold, md.density_ps, md, sets_density=True),
        _stage("equilibrate", "NVT", cold, cold, md.nvt_ps, md),
    ]
    if potential_md is None:
        return [*stages, _production(md, md.timestep_fs, "md.timestep_fs")]
    return [*stages, *_potential_stages(md, potential_md)]


def _potential_stages(md, potential_md):
    """Hand-over to the potential (NVT), its density (NPT), equilibration (NVT), production."""
    cold, own = md.temperature_K, {"md": potential_md, "with_potential": True}
    settle = _stage(
        "settle", "NVT", cold, cold, potential_md.settle_ps,
        step_scale=WARM_UP_STEP_SCALE, hand_over=True, **own,
    )  # fmt: skip
    density = _stage(
        "potential_density", "NPT", cold, cold, potential_md.npt_ps, sets_density=True, **own
    )
    return [
        settle,
        *([density] if potential_md.npt_ps > 0 else []),
        _stage("potential_equilibrate", "NVT", cold, cold, potential_md.nvt_ps, **own),
        _production(md, potential_md.timestep_fs, "potential_md.timestep_fs", with_potential=True),
    ]


def _stage(name, ensemble, start_K, end_K, duration_ps, md, step_scale=1.0, **more):
    timestep_ps = md.timestep_fs * step_scale / 1000.0
    n_steps = max(1, round(duration_ps / timestep_ps))
    return Stage(
        name=name,
        ensemble=ensemble,
        temperature_K=start_K,
        end_temperature_K=end_K,
        timestep_fs=md.timestep_fs * step_scale,
        n_steps=n_steps,
        thermo_steps=_thermo_steps(n_steps, timestep_ps),
        **more,
    )


def _thermo_steps(n_steps, timestep_ps):
    wanted = round(THERMO_INTERVAL_PS / timestep_ps)
    return max(1, min(wanted, n_steps // THERMO_ROWS_AT_LEAST))


def _production(md, timestep_fs, timestep_key, **more):
    timestep_ps = timestep_fs / 1000.0
    frame_steps = _whole("frame_interval_ps", md.frame_interval_ps, timestep_ps, timestep_key)
    frames = _whole("production_ps", md.production_ps, md.frame_interval_ps, "md.frame_interval_ps")
    n_steps = frames * frame_steps
    return Stage(
        name="production",
        ensemble="NVT",
        temperature_K=md.temperature_K,
        end_temperature_K=md.temperature_K,
        timestep_fs=timestep_fs,
        n_steps=n_steps,
        thermo_steps=_thermo_steps(n_steps, timestep_ps),
        frame_steps=frame_steps,
        **more,
    )


def _whole(key, value_ps, unit_ps, unit_key):
    number = round(value_ps / unit_ps)
    if number < 1 or abs(number * unit_ps - value_ps) > 1e-6 * value_ps:
        raise InputError(
            f"md.{key}: {value_ps:g} ps is not a whole multiple of {unit_key} "
            f"({unit_ps:g} ps); change one of them"
        )
    return number


def derived_seed(seed: int, *labels: object) -> int:
    """A positive 31-bit seed that differs for every (seed, labels)."""
    text = "/".join(str(part) for part in (seed, *labels))
    return 1 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % (2**31 - 2)


def guard(
    stage_name: str,
    when: str,
    target_K: float,
    temperature_K: float,
    potential_kJ_mol_atom: float = 0.0,
) -> None:
    """Raise SimulationError when the numbers are those of a run that has blown up."""
    sane = (
        temperature_K < HOTTEST_RATIO * target_K
        and potential_kJ_mol_atom < HIGHEST_POTENTIAL_KJ_MOL_ATOM
    )
    if not sane:  # also when one of them is not a number
        raise blown_up(
            stage_name,
            f"at {when} the temperature is {temperature_K:.0f} K (wanted {target_K:.0f} K) and "
            f"the potential energy {potential_kJ_mol_atom:.3g} kJ/mol an atom",
        )


REMEDY = (
    "Take a shorter md.timestep_fs (with md.deterministic: true a repeat takes the same path), a "
    "longer md.npt_ps, or look at the packed box and the force field."
)


def blown_up(stage_name: str, detail: str, remedy: str = REMEDY) -> SimulationError:
    return SimulationError(f"The simulation blew up in stage {stage_name}: {detail}. {remedy}")


class Progress:
    """Tells share done, speed and time left, at most every `interval_s` seconds."""

    def __init__(self, log, total_ps, interval_s=10.0):
        self.log = log
        self.total_ps = total_ps
        self.interval_s = interval_s
        self.before_ps = 0.0  # finished stages
        self.stage = None
        self._begun = self._told = time.monotonic()
        self._begun_at_ps = 0.0

    def begin(self, stage: Stage, done_ps: float = 0.0) -> None:
        """A stage starts, or goes on from `done_ps`."""
        self.stage = stage
        self._begun = self._told = time.monotonic()
        self._begun_at_ps = done_ps

    def update(self, done_ps: float) -> None:
        """`done_ps` of the present stage are done."""
        now = time.monotonic()
        if now - self._told < self.interval_s:
            return
        self._told = now
        speed = self.ps_per_s(done_ps)
        share = 100.0 * (self.before_ps + done_ps) / self.total_ps
        left = (self.total_ps - self.before_ps - done_ps) / speed if speed > 0 else float("inf")
        self.log(
            f"{share:5.1f} %  {self.stage.name} {short(done_ps)}/{short(self.stage.duration_ps)} "
            f"ps, {short(speed * 86.4)} ns/day, ETA {_clock(left)}"
        )

    def end(self) -> None:
        self.before_ps += self.stage.duration_ps

    def ps_per_s(self, done_ps: float) -> float:
        elapsed = time.monotonic() - self._begun
        return (done_ps - self._begun_at_ps) / elapsed if elapsed > 0 else 0.0


def short(value: float) -> str:
    """A number for the log: one decimal, or two digits where it is below one."""
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _clock(seconds):
    if not np.isfinite(seconds):
        return "unknown"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
