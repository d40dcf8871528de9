"""Label sets: files of labelled clusters, written, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ase.io
import numpy as np
from ase import Atoms

from ionshift.config.protocol import Protocol
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.core.tables import EARLIER_NAMES
from ionshift.labels import checks
from ionshift.labels.geometry_checks import check_geometry
from ionshift.labels.store import AGREEMENT_PPM, label_key, protocol_hash
from ionshift.labels.table import RECORD_COLUMNS, label_table, read_labels

if TYPE_CHECKING:
    import pandas as pd

    from ionshift.labels.store import LabelStore


def write_label_set(path: str | Path, clusters: Sequence[Atoms], table: pd.DataFrame) -> None:
    """Write clusters with their labels as extxyz; `info` holds the row of the table.

    Where more nuclei than the centre have a label, the atoms have the columns `shielding_ppm`
    and `shielding_tensor_ppm` (nine numbers), NaN where nothing was computed.
    """
    frames = []
    for atoms, row in zip(clusters, table.to_dict("records"), strict=True):
        frame = Atoms(atoms.numbers, atoms.positions)
        nuclei, tensors = row.pop("nuclei", None), row.pop("nuclei_tensors_ppm", None)
        if _has_value(nuclei):
            of_atom = np.full((len(frame), 9), np.nan)
            of_atom[0] = row["shielding_tensor_ppm"]
            of_atom[np.asarray(nuclei)] = np.reshape(tensors, (-1, 9))
            frame.arrays["shielding_ppm"] = of_atom[:, checks.TRACE].mean(axis=1)
            frame.arrays["shielding_tensor_ppm"] = of_atom
        frame.info = {
            name: np.asarray(value) if isinstance(value, list) else value
            for name, value in row.items()
            if _has_value(value)
        }
        frames.append(frame)
    with atomic_path(path) as temporary:
        ase.io.write(temporary, frames, format="extxyz")


def _has_value(value):
    if isinstance(value, (list, np.ndarray)):
        return True
    return value is not None and value == value and value != ""


def read_frames(path: str | Path) -> list[Atoms]:
    """Read an extxyz file; returns a list of Atoms with finite positions that do not overlap.

    Raises
    ------
    InputError
        if it cannot be read, is empty or has an impossible geometry.
    """
    try:
        frames: Any = ase.io.read(path, index=":", format="extxyz")
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"{path}: no such file; give an extxyz file") from None
    except Exception as error:
        raise InputError(
            f"{path} is not a readable extxyz file ({type(error).__name__}: {error}); "
            "delete or restore it"
        ) from None
    if not frames:
        raise InputError(f"{path} holds no cluster")
    for number, atoms in enumerate(frames):
        atoms.info = {EARLIER_NAMES.get(name, name): value for name, value in atoms.info.items()}
        check_geometry(f"{path}, entry {number}", atoms)
    return frames


def read_clusters(path: str | Path) -> list[Atoms]:
    """Read an extxyz file of clusters, the nucleus first, `charge` in `info`.

    Raises
    ------
    InputError
        as `read_frames`, or if a cluster has no charge or an impossible one.
    """
    clusters = read_frames(path)
    for number, atoms in enumerate(clusters):
        checks.check_charge(f"{path}, entry {number}", atoms)
    return clusters


def read_label_set(path: str | Path, chemistry: Mapping[str, Any] | None = None) -> list[Atoms]:
    """Read an extxyz label set; returns a list of Atoms with the row in `info`.

    Parameters
    ----------
    chemistry : see `systems.chemistry`; None does not ask of what liquid the clusters are

    Raises
    ------
    InputError
        if the file is damaged, a label is incomplete, contradicts itself or is of another liquid.
    """
    clusters = read_frames(path)
    for number, atoms in enumerate(clusters):
        place = f"label set {path}, entry {number}"
        checks.check_label(place, atoms)
        if chemistry is not None:
            checks.check_chemistry(place, atoms, chemistry)
    return clusters


def _check_against_table(path, clusters):
    """Compare a set with the table shipped beside it: a lost or edited label is noticed."""
    beside = Path(path).with_suffix(".parquet")
    if not beside.is_file():
        return
    table = read_labels(beside)
    expected = table[table["status"] == "ok"].set_index("key")["shielding_ppm"]
    found = {atoms.info["key"]: atoms for atoms in clusters if atoms.info["status"] == "ok"}
    lost = [key for key in expected.index if key not in found]
    if lost:
        raise InputError(
            f"label set {path} lacks {len(lost)} of the {len(expected)} ok labels in {beside} "
            "(cut off?); restore both files"
        )
    for key, value in expected.items():
        written = float(found[key].info["shielding_ppm"])
        if abs(written - value) > AGREEMENT_PPM:
            raise InputError(
                f"label {key} is {written:.4f} ppm in {path} and {value:.4f} ppm in {beside}; "
                "one was edited, restore both files"
            )


def import_label_set(
    path: str | Path,
    protocol: Protocol,
    store: LabelStore,
    elements: Sequence[str] = (),
    chemistry: Mapping[str, Any] | None = None,
) -> tuple[list[Atoms], pd.DataFrame]:
    """Put a label set into the store, so that its clusters are never computed again.

    The table has the nuclei of `elements` where the set has them; what it lacks stays missing.

    Returns
    -------
    (list of Atoms, DataFrame with the columns `labels.table.COLUMNS`)

    Raises
    ------
    InputError
        as `check_label_set`.
    """
    clusters = check_label_set(path, protocol, chemistry)
    keys = [atoms.info["key"] for atoms in clusters]
    for key, atoms in zip(keys, clusters, strict=True):
        store.put(key, _record_of(atoms))
    return clusters, label_table(clusters, keys, store, protocol, elements)


def check_label_set(
    path: str | Path, protocol: Protocol, chemistry: Mapping[str, Any] | None = None
) -> list[Atoms]:
    """The clusters of a label set that a study may train on, see `read_label_set`.

    Raises
    ------
    InputError
        as `read_label_set`, or if the set was made with another protocol, holds a label twice, a
        geometry does not match its key, or the set differs from the table (.parquet) beside it.
    """
    clusters = read_label_set(path, chemistry)
    _check_against_table(path, clusters)
    expected = protocol_hash(protocol)
    for number, atoms in enumerate(clusters):
        place = f"label set {path}, entry {number}"
        made_with = str(atoms.info["protocol_hash"])
        if made_with != expected:
            raise InputError(
                f"label set {path} was made with protocol {made_with}, this study uses "
                f"{expected}; choose the same labelling.protocol or drop the set from "
                "labelling.shipped"
            )
        if label_key(atoms, atoms.info["charge"], protocol) != atoms.info["key"]:
            raise InputError(
                f"{place}: the geometry does not match its key {atoms.info['key']}; the file was "
                "edited, restore it"
            )
        checks.check_atom_columns(place, atoms)
    checks.check_unique(str(path), clusters)
    return clusters


def _record_of(atoms):
    record = {name: atoms.info.get(name) for name in RECORD_COLUMNS}
    record["reason"] = record["reason"] or ""
    for name in ("shielding_tensor_ppm", "efg_tensor_au"):
        if record[name] is not None:
            record[name] = np.reshape(record[name], (3, 3)).tolist()
    tensors = atoms.arrays.get("shielding_tensor_ppm", np.empty((0, 9)))
    known = np.flatnonzero(np.isfinite(tensors).all(axis=1))
    record = {name: _plain(value) for name, value in record.items()}
    return record | {"nuclei": {str(i): tensors[i].reshape(3, 3).tolist() for i in known}}


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value
