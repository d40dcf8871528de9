"""Labels of one protocol for the clusters of a set, as a set.

PROTOCOL is fast, reference or a name of label_benchmark.variants. With WORKERS the labels that the
store lacks are computed, without only those that it has are taken. Leaves NAME.extxyz,
NAME.parquet and NAME.provenance.json in resources/labels.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionshift.cli.export_labels import of_labels
from ionshift.config.base import closest
from ionshift.config.labelling import Labelling
from ionshift.config.protocol import PROTOCOLS, Protocol
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path, write_table
from ionshift.labels import protocol_benchmark, sets
from ionshift.labels import store as labels_store
from ionshift.labels.shieldings import label_clusters
from ionshift.labels.table import label_table

if TYPE_CHECKING:
    import pandas as pd

OF_CLUSTERS = ("commands", "exported", "md_versions")
"""What the provenance of a set says of its clusters, not of its labels."""


def main(source: Path, protocol_name: str, name: str, workers: int = 0) -> None:
    known = protocol_benchmark.variants() | PROTOCOLS
    if protocol_name not in known:
        raise InputError(
            f"protocol '{protocol_name}': unknown{closest(protocol_name, known)}; take "
            f"{', '.join(known)}"
        )
    protocol = known[protocol_name]
    store = labels_store.LabelStore(Labelling().store)
    clusters = sets.read_clusters(source)
    if int(workers):
        label_clusters(clusters, protocol, store, int(workers))
    keys = [labels_store.label_key(atoms, atoms.info["charge"], protocol) for atoms in clusters]
    there = [i for i, key in enumerate(keys) if key in store and store.get(key)["status"] == "ok"]
    if not there:
        raise InputError(
            f"the store has no label of protocol {protocol_name} for the clusters of {source}; "
            "give a number of workers to compute them"
        )
    clusters, keys = [clusters[i] for i in there], [keys[i] for i in there]
    table = label_table(clusters, keys, store, protocol)
    about = provenance(source, protocol_name, name, protocol, table)
    target = Path("resources/labels") / name
    sets.write_label_set(target.with_suffix(".extxyz"), clusters, table)
    write_table(table, target.with_suffix(".parquet"), "labels")
    with atomic_path(target.with_suffix(".provenance.json")) as path:
        path.write_text(json.dumps(about, indent=2) + "\n")
    print(f"{len(known)} labels in {target.with_suffix('.extxyz')}")


def provenance(
    source: str | Path, protocol_name: str, name: str, protocol: Protocol, table: pd.DataFrame
) -> dict[str, Any]:
    """What was computed, how, with what, when, from which clusters, and how to make it again."""
    beside = Path(source).with_suffix(".provenance.json")
    made = json.loads(beside.read_text()) if beside.is_file() else {}
    made = made.get("clusters_from", made)
    return {
        "commands": [f"ionshift labels relabel {source} {protocol_name} {name} --workers 2"],
        "clusters_from": {name: made[name] for name in OF_CLUSTERS if name in made},
    } | of_labels(table, protocol_name, protocol)
