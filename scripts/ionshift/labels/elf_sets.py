"""Sets of ELF records that travel between studies: one parquet file, one row per cluster."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ionshift.core.errors import InputError
from ionshift.core.files import write_table
from ionshift.core.user_tables import read_user_table
from ionshift.labels.elf_measurement import RECORD_COLUMNS
from ionshift.labels.store import FINGERPRINT, LabelStore, content_hash

SET_COLUMNS = ("key", "cluster_id", "system", *RECORD_COLUMNS, FINGERPRINT)


def write_set(measured: pd.DataFrame, path: Path | str) -> None:
    """Write the ok rows of measured ELF tables (columns `elf_measurement.COLUMNS`) as a set."""
    ok = measured[measured["status"] == "ok"].drop_duplicates("key")
    fingerprints = [content_hash(_record_of(row)) for _, row in ok.iterrows()]
    write_table(ok.assign(**{FINGERPRINT: fingerprints})[list(SET_COLUMNS)], path, "elf_set")


def read_set(path: Path | str) -> dict[str, dict[str, Any]]:
    """Records of a set by key.

    Raises
    ------
    InputError
        if the file is missing or damaged, lacks a column, or a record was edited.
    """
    table = read_user_table(
        path, f"elf.shipped: {path}", remedy="restore the file or drop it from elf.shipped"
    )
    missing = [name for name in SET_COLUMNS if name not in table]
    if missing:
        raise InputError(
            f"elf.shipped: {path} has no column {', '.join(missing)}; make the set again by "
            "`ionshift labels export-elf`"
        )
    records = {}
    for number, row in table.iterrows():
        record = _record_of(row)
        if content_hash(record) != row[FINGERPRINT]:
            raise InputError(
                f"elf.shipped: {path}, row {number} ({row['cluster_id']}) was edited; restore it"
            )
        records[row["key"]] = record
    return records


def take_shipped(paths: Sequence[str], store: LabelStore) -> None:
    """Put the records of all sets into the store; one that is there must agree in its energy."""
    for path in paths:
        for key, record in read_set(path).items():
            store.put(key, record)


def _record_of(row: pd.Series) -> dict[str, Any]:
    record = {name: row[name] for name in RECORD_COLUMNS}
    for name in ("radii_bohr", "sphere_elf"):
        record[name] = [float(value) for value in record[name]]
    for name in ("energy_Ha", "cpu_s", "wall_s", "max_rss_MB"):
        record[name] = float(record[name])
    return record | {"n_basis": int(record["n_basis"])}
