"""Stages that run in segments, each of which ends with a checkpoint.

A stage runs in segments of `md.checkpoint_interval_ps`. After each one its frames and thermo
rows are appended to files of the stage, and a checkpoint with the lengths of these files is
moved into place. A restart cuts the files to these lengths and goes on: no frame is there
twice, none is missing. Each segment has its own random seed, so the segments after a restart
draw the random numbers that they would have drawn without it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from ionshift.core.files import atomic_path
from ionshift.md.stages import XTC_PRECISION_PER_NM, SimulationError, State

if TYPE_CHECKING:
    from ionshift.md.stages import Progress, Stage


@dataclass
class Checkpoint:
    """Where a stage stands: finished steps, lengths of its files in bytes, its state."""

    steps: int
    frame_bytes: int
    thermo_bytes: int
    state: State

    def save(self, path: str | Path) -> None:
        numbers = np.array([self.steps, self.frame_bytes, self.thermo_bytes])
        state = self.state
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.savez(
                file,
                numbers=numbers,
                positions_nm=state.positions_nm,
                velocities_nm_ps=state.velocities_nm_ps,
                edges_nm=state.edges_nm,
            )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        with np.load(path) as data:
            state = State(data["positions_nm"], data["velocities_nm_ps"], data["edges_nm"])
            steps, frame_bytes, thermo_bytes = (int(n) for n in data["numbers"])
            return cls(steps, frame_bytes, thermo_bytes, state)


class SegmentedEngine:
    """What engines share that take their steps in this process.

    A subclass has `job` and the method `_run(stage, point, last, record, progress)`: it takes the
    steps from `point` up to `last`, gives `record` what is to be written, and returns the State.
    """

    def advance(
        self, stage: Stage, start: State, folder: Path, progress: Progress
    ) -> tuple[list[tuple[float, ...]], float | None]:
        """Run or go on with a stage and leave `state.npz`; returns thermo rows and ns/day."""
        point = self._resume(start, folder)
        progress.begin(stage, point.steps * stage.timestep_ps)
        segment_steps = self._segment_steps(stage)
        while point.steps < stage.n_steps:
            last = min(point.steps + segment_steps, stage.n_steps)
            point = self._segment(stage, point, last, folder, progress)
        point.state.save(folder / "state.npz")
        rows = np.loadtxt(folder / "segments.csv", delimiter=",", ndmin=2)
        return [tuple(row) for row in rows], 86.4 * progress.ps_per_s(stage.duration_ps) or None

    def frame_files(self, folder: Path) -> list[Path]:
        """Trajectory files of a finished stage, in order of time."""
        return [folder / "frames.xtc"]

    def _resume(self, start, folder):
        """The last checkpoint, or a fresh one; the files are cut to what it knows of."""
        path = folder / "checkpoint.npz"
        point = Checkpoint.load(path) if path.is_file() else Checkpoint(0, 0, 0, start)
        for name, length in (
            ("frames.xtc", point.frame_bytes),
            ("segments.csv", point.thermo_bytes),
        ):
            (folder / name).touch()
            os.truncate(folder / name, length)
        return point

    def _segment_steps(self, stage):
        unit_steps = stage.frame_steps or stage.thermo_steps
        wanted = self.job.md.checkpoint_interval_ps / (unit_steps * stage.timestep_ps)
        return unit_steps * max(1, round(wanted))

    def _segment(self, stage, point, last, folder, progress):
        """Steps up to `last`; returns the new checkpoint, which is on disk by then."""
        record = Record(stage, folder)
        try:
            state = self._run(stage, point, last, record, progress)
        except SimulationError:
            record.write()
            raise
        point = Checkpoint(last, *record.write(), state)
        point.save(folder / "checkpoint.npz")
        return point


class Record:
    """Frames and thermo rows of a segment, on their way to the files of the stage."""

    def __init__(self, stage, folder):
        self.stage = stage
        self.folder = folder
        self.frames = []
        self.rows = []

    def write(self) -> tuple[int, int]:
        """Append everything to the files; returns their lengths in bytes."""
        text = "".join(",".join(f"{value:.10g}" for value in row) + "\n" for row in self.rows)
        return (
            _append(self.folder / "frames.xtc", self._xtc_bytes()),
            _append(self.folder / "segments.csv", text.encode()),
        )

    def _xtc_bytes(self):
        if not self.frames:
            return b""
        path = self.folder / "segment.xtc"
        with XTCFile(str(path), "w") as file:
            for step, state in self.frames:
                box_nm, time_ps = np.diag(state.edges_nm), step * self.stage.timestep_ps
                file.write(state.positions_nm, box_nm, step, time_ps, XTC_PRECISION_PER_NM)
        content = path.read_bytes()
        path.unlink()
        return content


def next_event(step: int, last: int, stage: Stage) -> int:
    """The next step at which something is written."""
    events = [last, (step // stage.thermo_steps + 1) * stage.thermo_steps]
    if stage.frame_steps:
        events.append((step // stage.frame_steps + 1) * stage.frame_steps)
    return min(events)


def _append(path, content):
    """Append bytes, make sure that they are on disk, return the new length of the file."""
    with open(path, "ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()
