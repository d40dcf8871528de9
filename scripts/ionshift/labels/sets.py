"""Label sets: tables and geometries of labelled clusters, written, read and checked."""

from pathlib import Path

import ase.io
import numpy as np
import pandas as pd
from ase import Atoms

from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.core.tables import EARLIER_NAMES, with_present_names
from ionshift.labels.store import (
    AGREEMENT_PPM,
    STATUSES,
    label_key,
    nuclei_of,
    protocol_hash,
    tensors_by_atom,
)

TRACE = [0, 4, 8]
COLUMNS = (
    "key",
    "cluster_id",
    "system",
    "source",
    "replica",
    "frame",
    "time_ps",
    "nucleus",
    "charge",
    "n_anion",
    "n_solvent",
    "solvation_class",
    "coordination",
    "lsi_A2",
    "cutoff_A",
    "status",
    "reason",
    "shielding_ppm",
    "shielding_tensor_ppm",
    "efg_tensor_au",
    "energy_Ha",
    "n_basis",
    "scf_cycles",
    "scf_recipe",
    "cphf_residual",
    "wall_s",
    "cpu_s",
    "max_rss_MB",
    "protocol_hash",
    "nuclei",
    "nuclei_tensors_ppm",
)
"""`nuclei`: atoms other than the centre whose shielding was computed as well, with their tensors,
nine numbers each."""
CLUSTER_COLUMNS = COLUMNS[1:15]
RECORD_COLUMNS = COLUMNS[15:-3]


def label_table(clusters, keys, store, protocol, elements=()):
    """One row a cluster from the store, with the nuclei of `elements` that it has.

    Tensors become lists of nine numbers.
    """
    rows = []
    for atoms, key in zip(clusters, keys, strict=True):
        record = store.get(key)
        row = {"key": key, "protocol_hash": protocol_hash(protocol)}
        row |= {name: atoms.info.get(name) for name in CLUSTER_COLUMNS}
        row |= {name: record.get(name) for name in RECORD_COLUMNS}
        for name in ("shielding_tensor_ppm", "efg_tensor_au"):
            row[name] = None if row[name] is None else np.ravel(row[name]).tolist()
        tensors = tensors_by_atom(record) if record["status"] == "ok" else {}
        found = [index for index in nuclei_of(atoms, elements) if str(index) in tensors]
        values = np.ravel([tensors[str(index)] for index in found]).tolist()
        row |= {"nuclei": found or None, "nuclei_tensors_ppm": values or None}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def write_label_set(path, clusters, table):
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
            frame.arrays["shielding_ppm"] = of_atom[:, TRACE].mean(axis=1)
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


def read_label_set(path):
    """Read an extxyz label set; returns a list of Atoms with the row in `info`.

    Raises
    ------
    InputError
        if the file is damaged or a label is incomplete.
    """
    clusters = read_clusters(path)
    for number, atoms in enumerate(clusters):
        missing = [
            name for name in ("key", "status", "protocol_hash", "charge") if name not in atoms.info
        ]
        status = atoms.info.get("status")
        if status == "ok" and not np.isfinite(_number(atoms.info.get("shielding_ppm"))):
            missing.append("shielding_ppm")
        if missing or status not in STATUSES:
            raise InputError(
                f"label set {path}, entry {number}: "
                f"{'no valid ' + ', '.join(missing) if missing else f'unknown status {status!r}'}"
                "; restore the file from where it came"
            )
    return clusters


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def read_clusters(path):
    """Read an extxyz file of clusters.

    Raises
    ------
    InputError
        if it cannot be read or is empty.
    """
    try:
        clusters = ase.io.read(path, index=":", format="extxyz")
    except Exception as error:
        raise InputError(
            f"{path} is not a readable extxyz file ({type(error).__name__}: {error}); "
            "delete or restore it"
        ) from None
    if not clusters:
        raise InputError(f"{path} holds no cluster")
    for atoms in clusters:
        atoms.info = {EARLIER_NAMES.get(name, name): value for name, value in atoms.info.items()}
    return clusters


def read_table(path):
    """Read a parquet table of labels.

    Raises
    ------
    InputError
        if it is damaged or lacks a column.
    """
    try:
        table = with_present_names(pd.read_parquet(path))
        missing = {"key", "status", "shielding_ppm"} - set(table)
    except Exception as error:
        raise InputError(
            f"label table {path} is damaged ({type(error).__name__}: {error}); delete it and "
            "rerun, finished labels are in the store (a shipped set: restore it)"
        ) from None
    if missing:
        raise InputError(f"label table {path} has no column {', '.join(sorted(missing))}")
    return table


def join_tables(tables):
    """One table with every key once; an ok label stands for one that is not.

    Raises
    ------
    InputError
        if two tables have different values for one key, or different clusters of one name.
    """
    joined = pd.concat(tables, ignore_index=True)
    values = joined[joined["status"] == "ok"].groupby("key")["shielding_ppm"]
    spread = values.max() - values.min()
    if (spread > AGREEMENT_PPM).any():
        key = spread.idxmax()
        listed = ", ".join(f"{value:.4f}" for value in sorted(values.get_group(key)))
        raise InputError(
            f"two values for label {key}: {listed} ppm; one of them is wrong: remove the label "
            "set (labelling.shipped) or the label file that you do not trust"
        )
    keys = joined.groupby("cluster_id")["key"].nunique()
    if (keys > 1).any():
        raise InputError(
            f"{keys[keys > 1].index[0]} is the name of {keys.max()} different clusters, of several "
            "MD runs; give this study another name (study), or take the set out of "
            "labelling.shipped"
        )
    ok_first = joined.loc[(joined["status"] != "ok").sort_values(kind="stable").index]
    return joined.loc[ok_first.drop_duplicates("key").index.sort_values()].reset_index(drop=True)


def _check_against_table(path, clusters):
    """Compare a set with the table shipped beside it: a lost or edited label is noticed."""
    beside = Path(path).with_suffix(".parquet")
    if not beside.is_file():
        return
    table = read_table(beside)
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


def import_label_set(path, protocol, store, elements=()):
    """Put a label set into the store, so that its clusters are never computed again.

    The table has the nuclei of `elements` where the set has them; what it lacks stays missing.

    Returns
    -------
    (list of Atoms, DataFrame with the columns `COLUMNS`)

    Raises
    ------
    InputError
        if the set was made with another protocol, a geometry does not match its key, or the
        set differs from the table (.parquet) beside it.
    """
    clusters = read_label_set(path)
    _check_against_table(path, clusters)
    expected = protocol_hash(protocol)
    keys = []
    for number, atoms in enumerate(clusters):
        made_with = str(atoms.info["protocol_hash"])
        if made_with != expected:
            raise InputError(
                f"label set {path} was made with protocol {made_with}, this study uses "
                f"{expected}; choose the same labelling.protocol or drop the set from "
                "labelling.shipped"
            )
        key = label_key(atoms, atoms.info["charge"], protocol)
        if key != atoms.info["key"]:
            raise InputError(
                f"label set {path}, entry {number}: the geometry does not match its key "
                f"{atoms.info['key']}; the file was edited, restore it"
            )
        store.put(key, _record_of(atoms))
        keys.append(key)
    return clusters, label_table(clusters, keys, store, protocol, elements)


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


def training_set(clusters, cutoff_A, group_ps):
    """Ok labels with their groups: blocks of `group_ps` of one replica stay together.

    Returns
    -------
    (list of Atoms, DataFrame with cluster_id, system, solvation_class, shielding_ppm, group)

    Raises
    ------
    InputError
        if there is no ok label, or a cluster was cut with another cut-off.
    """
    chosen = [atoms for atoms in clusters if atoms.info["status"] == "ok"]
    if not chosen:
        raise InputError("there is no ok label to train on; see the reasons in labels.parquet")
    for atoms in chosen:
        if abs(float(atoms.info["cutoff_A"]) - cutoff_A) > 1e-6:
            raise InputError(
                f"label {atoms.info['cluster_id']} was cut at {atoms.info['cutoff_A']:g} A, this "
                f"study cuts at {cutoff_A:g} A; set shell.cutoff_A to the labels' value or drop "
                "the set from labelling.shipped"
            )
    rows = [
        {
            "cluster_id": atoms.info["cluster_id"],
            "system": atoms.info["system"],
            "solvation_class": atoms.info["solvation_class"],
            "shielding_ppm": float(atoms.info["shielding_ppm"]),
            "group": "{system}/{source}-r{replica}/b{block}".format(
                block=int(float(atoms.info["time_ps"]) // group_ps), **atoms.info
            ),
        }
        for atoms in chosen
    ]
    return chosen, pd.DataFrame(rows)
