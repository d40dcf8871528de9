"""Unpacking an archive of `ionshift archive`: whole and unaltered, into its own places, no code."""

import hashlib
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.core.provenance import file_hash
from ionshift.runs.archive import CHECKSUMS

DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error)
CODE = ("scripts", "workflow", "tests", "envs")
AGAIN = "fetch the archive anew"
CHUNK = 1 << 20


def unpack(archive: str | Path, folder: str | Path = ".") -> list[Path]:
    """Unpack an archive over a clone of the project; nothing is written unless all of it is sound.

    Members are plain files below `folder`, neither hidden nor among the project's code, each with
    the checksum that the archive lists. Files that are there are left alone if they are the same.

    Returns
    -------
    list of the paths that were written

    Raises
    ------
    InputError
        if the archive is damaged, or a member is altered, missing, not listed, misplaced or
        different from a file that is there.
    """
    archive, folder = Path(archive), Path(folder)
    checker = _Checker(archive, folder)
    _each_member(archive, checker)
    checker.finish()
    written: list[Path] = []

    def write(member: tarfile.TarInfo, content: IO[bytes]) -> None:
        target = folder / member.name
        if not target.is_file():
            _write(target, content)
            written.append(target)

    _each_member(archive, write)
    return written


def _each_member(archive: Path, use: Callable) -> None:
    """Call `use` with every member and its content (None of a link); damage is named."""
    if not archive.is_file():
        raise InputError(f"{archive}: no such file; give one that 'ionshift archive' has written")
    last = "its beginning"
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                last = member.name
                use(member, tar.extractfile(member) if member.isreg() else None)
    except DAMAGE as error:
        raise InputError(f"{archive}: damaged or cut off at {last} ({error}); {AGAIN}") from None


class _Checker:
    """Takes members one by one; raises `InputError` for the first that is not sound."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._archive = archive
        self._folder = folder
        self._listed: dict[str, str] = {}
        self._found: set[str] = set()

    def __call__(self, member: tarfile.TarInfo, content: IO[bytes] | None) -> None:
        name = member.name
        if content is None:
            self._refuse(name, "is a link or no plain file; do not unpack it")
        elif _is_misplaced(name):
            self._refuse(name, "does not belong among results and inputs; do not unpack it")
        elif PurePosixPath(name).name == CHECKSUMS:
            self._listed = self._read_list(content)
        else:
            self._check_content(name, content)

    def _check_content(self, name: str, content: IO[bytes]) -> None:
        if name in self._found:
            self._refuse(name, f"is in it twice; {AGAIN}")
        if name not in self._listed:
            self._refuse(name, f"is not in its list {CHECKSUMS}; {AGAIN}")
        digest = _digest(content)
        if digest != self._listed[name]:
            self._refuse(name, f"was altered since it was packed; {AGAIN}")
        there = self._folder / name
        if there.is_file() and file_hash(there) != digest:
            self._refuse(
                name,
                "differs from the file that is there; unpack it over a clean clone, or move that "
                "file away",
            )
        self._found.add(name)

    def _read_list(self, content: IO[bytes]) -> dict[str, str]:
        try:
            lines = [line.split("  ", 1) for line in content.read().decode().splitlines()]
            return {name: digest for digest, name in lines}
        except ValueError:
            raise InputError(f"{self._archive}: its {CHECKSUMS} is damaged; {AGAIN}") from None

    def finish(self) -> None:
        """Raise `InputError` if a listed member did not come, or none is listed."""
        lost = sorted(set(self._listed) - self._found)
        if lost:
            self._refuse(lost[0], f"is missing ({len(lost)} of {len(self._listed)}); {AGAIN}")
        if not self._listed:
            self._refuse(CHECKSUMS, "is missing; give one that 'ionshift archive' has written")

    def _refuse(self, name: str, what: str) -> None:
        raise InputError(f"{self._archive}: {name} {what}")


def _is_misplaced(name: str) -> bool:
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name
    hidden = any(part.startswith(".") for part in path.parts)
    return outside or hidden or len(path.parts) < 2 or path.parts[0] in CODE


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _write(target: Path, content: IO[bytes]) -> None:
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        while chunk := content.read(CHUNK):
            try:
                file.write(chunk)
            except OSError as error:
                raise InputError(
                    f"cannot write {target} ({error.strerror}); make room, then unpack again"
                ) from None
