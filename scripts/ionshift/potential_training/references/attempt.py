"""How a reference label is computed this time."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attempt:
    """One try at a label.

    patient : with a stronger SCF recipe, as the label failed before
    folder : for files of an unfinished calculation, which the next attempt goes on from
    command : how an external program is started
    """

    patient: bool
    folder: Path | None
    command: str
