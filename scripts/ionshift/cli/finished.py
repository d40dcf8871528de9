"""What a command needs of a study that has run."""

from collections.abc import Iterable
from pathlib import Path

from ionshift.core.errors import InputError


def check(config: Path, files: Iterable[Path]) -> None:
    """Raise `InputError` for the first of a study's files that is missing."""
    for path in files:
        if not path.is_file():
            raise InputError(f"{path} is missing: run the study first (ionshift run {config})")
