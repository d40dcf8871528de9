"""How far the DFT labels of a study are, and the core-hours left.

Usage: python scripts/labels_status.py CONFIG
"""

import sys
from pathlib import Path

import pandas as pd

from ionshift import config, labels
from ionshift.labelling import status


def main(path):
    study = config.load(path)
    protocol = study.labelling.chosen_protocol()
    clusters_of = {}
    for system in study.systems:
        source = Path(f"results/{study.study}/clusters/{system}.extxyz")
        chosen = source.is_file() and study.sampling.n_clusters
        clusters_of[system] = labels.read_clusters(source) if chosen else []
    shipped_s = [
        float(atoms.info["wall_s"])
        for name in study.labelling.shipped
        for atoms in labels.read_label_set(name)
        if atoms.info["protocol_hash"] == labels.protocol_hash(protocol)
    ]
    store = labels.LabelStore(study.labelling.store)
    rows = status(clusters_of, study.sampling.n_clusters, protocol, store, shipped_s)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format="%.2f", na_rep="unknown"))
    counts = table[["done", "failed", "unconverged", "to_do"]].sum()
    print(
        f"protocol {study.labelling.protocol}: "
        + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        + f"; {table['core_hours_left'].sum(skipna=False):.2f} core-hours left"
    )


if __name__ == "__main__":
    main(sys.argv[1])
