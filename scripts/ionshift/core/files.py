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

from ionshift.core import schemas
from ionshift.core.errors import InputError


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


def write_table(
    table: pd.DataFrame,
    path: str | Path,
    name: str | None = None,
    float_format: str | None = None,
) -> None:
    """Check a DataFrame and write it whole or not at all: parquet or CSV by its suffix, no index.

    Parameters
    ----------
    name : of the table (`schemas`); None finds it by the name of the file
    float_format : of the numbers in a CSV; None writes all digits

    Raises
    ------
    InputError
        if no table has a file of this name, or this one is not as it is declared.
    """
    declared = schemas.named(name) if name else schemas.of_file(path)
    declared.check_new(table, path)
    with atomic_path(path) as temporary:
        if temporary.suffix == ".parquet":
            _write_parquet(table, temporary, declared.metadata())
        else:
            table.to_csv(temporary, index=False, float_format=float_format)


def _write_parquet(table, path, metadata):
    import pyarrow as pa
    import pyarrow.parquet

    content = pa.Table.from_pandas(table, preserve_index=False)
    content = content.replace_schema_metadata({**content.schema.metadata, **metadata})
    pyarrow.parquet.write_table(content, path)


def write_tables(tables: Mapping[str, pd.DataFrame], paths: Mapping[str, str | Path]) -> None:
    """Write every DataFrame of the dict `tables` to the path of its name, see `write_table`."""
    for name, table in tables.items():
        write_table(table, paths[name])


def read_table(
    path: str | Path, name: str | None = None, earlier_names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Read and check a table that `write_table` wrote.

    Numbers come back as they were, to the last digit; an empty text as missing.

    Parameters
    ----------
    name : of the table; None finds it by the name of the file
    earlier_names : dict of columns of files of earlier versions to their present names

    Raises
    ------
    InputError
        if the file cannot be read, was cut off, or is not as its table is declared: the message
        names the column, the row, the value and the rule that makes the file.
    """
    declared = schemas.named(name) if name else schemas.of_file(path)
    try:
        table = _read_content(Path(path), declared)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {declared.remedy(path)}") from None
    except Exception as error:
        text = " ".join(str(error).split())
        raise InputError(f"{path} is damaged ({text}); {declared.remedy(path)}") from None
    table = table.rename(columns=earlier_names or {})
    declared.check(table, path)
    return table


def _read_content(path, declared):
    import pandas as pd

    if path.suffix == ".parquet":
        import pyarrow.parquet

        # One thread: a damaged page is an exception of the caller in every case.
        content = pyarrow.parquet.read_table(path, use_threads=False)
        declared.check_metadata(content.schema.metadata, path)
        return content.to_pandas()
    _check_end(path, declared)
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(declared.texts(), str),
        keep_default_na=False,
        na_values=[""],
    )


def _check_end(path, declared):
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            raise InputError(f"{path} is empty; {declared.remedy(path)}")
        file.seek(-1, os.SEEK_END)
        if file.read() != b"\n":
            raise InputError(
                f"{path} ends in the middle of a line, it was cut off; {declared.remedy(path)}"
            )


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
