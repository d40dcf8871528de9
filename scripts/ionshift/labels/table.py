"""The table of labels: its columns, made from the store, read, joined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ionshift.config.protocol import Protocol
from ionshift.core.errors import InputError
from ionshift.core.files import read_table
from ionshift.core.tables import EARLIER_NAMES
from ionshift.labels.store import AGREEMENT_PPM, nuclei_of, protocol_hash, tensors_by_atom

if TYPE_CHECKING:
    from ase import Atoms

    from ionshift.labels.store import LabelStore

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


def label_table(
    clusters: Sequence[Atoms],
    keys: Sequence[str],
    store: LabelStore,
    protocol: Protocol,
    elements: Sequence[str] = (),
) -> pd.DataFrame:
    """One row a cluster from the store, with the nuclei of `elements` that it has.

    Tensors become lists of nine numbers.
    """
    rows = []
    for atoms, key in zip(clusters, keys, strict=True):
        record = store.get(key)
        row: dict[str, Any] = {"key": key, "protocol_hash": protocol_hash(protocol)}
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


def read_labels(path: str | Path) -> pd.DataFrame:
    """Read a table of labels, see `read_table`; columns of earlier versions get present names."""
    return read_table(path, "labels", EARLIER_NAMES)


def join_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
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
