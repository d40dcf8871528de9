"""Writing files whole or not at all, and work that one process at a time may do."""

from __future__ import annotations

import fcntl
import glob
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it into place when the block succeeds.

    The temporary name keeps the suffix of `path`, so writers that look at it behave.
    On any exception the temporary file is removed and `path` is left as it was. Its writer holds a
    lock on it: those that killed writers of `path` left behind are removed first.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    handle, name = _locked_temporary(path)
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _remove_abandoned(path):
    pattern = f".writing-{glob.escape(path.stem)}-????????{glob.escape(path.suffix)}"
    for left in path.parent.glob(pattern):
        with suppress(OSError):  # locked, so in use; or gone meanwhile
            handle = os.open(left, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink()
            finally:
                os.close(handle)


def _locked_temporary(path):
    """(open handle, name) of a new file beside `path`; locked where the file system has locks."""
    while True:
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".writing-{path.stem}-", suffix=path.suffix
        )
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.exists(name):
            return handle, name
        os.close(handle)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a DataFrame whole or not at all: parquet or CSV, as the suffix says, no index."""
    with atomic_path(path) as temporary:
        if temporary.suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False)


def write_tables(tables: Mapping[str, pd.DataFrame], paths: Mapping[str, str | Path]) -> None:
    """Write every DataFrame of the dict `tables` to the path of its name, see `write_table`."""
    for name, table in tables.items():
        write_table(table, paths[name])


@contextmanager
def alone(path: str | Path, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold the lock file `path` in the block; `waiting` is called if another process holds it.

    The kernel holds the lock: it ends with its process, however that ends. The file is removed
    at the end of the block.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _locked(path, waiting)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _locked(path, waiting):
    """An open, locked file at `path`; the holder before may have removed the one waited for."""
    while True:
        handle = os.open(path, os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except FileNotFoundError:
            pass
        os.close(handle)


def lock_of(log: str | Path) -> Path:
    """Lock file of the job that writes `log`."""
    log = Path(log)
    return log.with_name(f".{log.name}.lock")
