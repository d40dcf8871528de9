"""What an engine of the MD is: one file of `engines`, one entry of `ENGINES`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ionshift.md.driver import Job
    from ionshift.md.stages import Progress, Stage, State


class Engine(Protocol):
    """Runs the stages of one job; an entry of `ENGINES` makes it from its `driver.Job`."""

    @property
    def name(self) -> str: ...

    @property
    def job(self) -> Job: ...

    def versions(self) -> dict[str, str]:
        """Versions of the programs behind it."""

    def advance(
        self, stage: Stage, start: State, folder: Path, progress: Progress
    ) -> tuple[list[tuple[float, ...]], float | None]:
        """Run or go on with a stage and leave `state.npz`; returns thermo rows and ns/day."""

    def frame_files(self, folder: Path) -> list[Path]:
        """Trajectory files of a finished stage, in order of time."""
