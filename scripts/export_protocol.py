"""Write the labels that the store has of one protocol for the clusters of a set, as a set.

Usage: python scripts/export_protocol.py SET PROTOCOL NAME
PROTOCOL is a name of label_benchmark.variants; leaves resources/labels/NAME.extxyz, NAME.parquet
and NAME.provenance.json.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from export_labels import versions
from ionshift import label_benchmark, labels
from ionshift.config import Labelling
from ionshift.errors import InputError
from ionshift.files import atomic_path


def main(source, protocol_name, name):
    protocol = label_benchmark.variants()[protocol_name]
    store = labels.LabelStore(Labelling().store)
    clusters = labels.read_clusters(source)
    keys = [labels.label_key(atoms, atoms.info["charge"], protocol) for atoms in clusters]
    known = [i for i, key in enumerate(keys) if key in store and store.get(key)["status"] == "ok"]
    if not known:
        raise InputError(
            f"the store has no label of protocol {protocol_name} for the clusters of {source}; "
            "compute some with make bench-labels"
        )
    clusters, keys = [clusters[i] for i in known], [keys[i] for i in known]
    table = labels.label_table(clusters, keys, store, protocol)
    target = Path("resources/labels") / name
    labels.write_label_set(target.with_suffix(".extxyz"), clusters, table)
    with atomic_path(target.with_suffix(".parquet")) as path:
        table.to_parquet(path, index=False)
    about = {
        "commands": [
            f"make bench-labels SET={source} CLUSTERS={len(known)}",
            f"python scripts/export_protocol.py {source} {protocol_name} {name}",
        ],
        "exported": datetime.now(UTC).date().isoformat(),
        "protocol": protocol_name,
        "protocol_settings": protocol.model_dump(mode="json"),
        "protocol_hash": labels.protocol_hash(protocol),
        "versions": versions(),
        "labels": len(known),
        "cpu_hours": round(float(table["cpu_s"].sum()) / 3600, 2),
        "largest_max_rss_MB": round(float(table["max_rss_MB"].max())),
    }
    with atomic_path(target.with_suffix(".provenance.json")) as path:
        path.write_text(json.dumps(about, indent=2) + "\n")
    print(f"{len(known)} labels in {target.with_suffix('.extxyz')}")


if __name__ == "__main__":
    main(*sys.argv[1:])
