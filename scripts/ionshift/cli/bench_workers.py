"""Labels an hour: several processes of one thread against several threads of one process.

Labels N_CLUSTERS clusters of SET with the protocol `fast` three times, each time into an empty
store: one process with one thread, one with CORES threads, CORES processes with one. The start of
the processes counts. Leaves workers.csv in results/benchmarks.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ionshift.config.protocol import PROTOCOLS, Protocol
from ionshift.core.files import atomic_path
from ionshift.labels import protocol_benchmark, sets, store
from ionshift.labels.shieldings import label_clusters

if TYPE_CHECKING:
    from ase import Atoms

TABLE = Path("results/benchmarks/workers.csv")


def main(source: Path, n_clusters: int, cores: int) -> None:
    cores = int(cores)
    clusters = protocol_benchmark.spread_over(sets.read_clusters(source), int(n_clusters))
    rows = [measure(clusters, *way) for way in ((1, 1), (1, cores), (cores, 1))]
    table = pd.DataFrame(rows)
    table["speed"] = table["labels_per_hour"] / table["labels_per_hour"].iloc[0]
    print(table.to_string(index=False, float_format="%.2f"))
    with atomic_path(TABLE) as path:
        table.to_csv(path, index=False)


def measure(
    clusters: Sequence[Atoms], processes: int, threads: int, protocol: Protocol = PROTOCOLS["fast"]
) -> dict[str, Any]:
    """One row: how fast `processes` of `threads` each label the clusters."""
    print(f"{processes} process(es) of {threads} thread(s)", flush=True)
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read by the processes when they start
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        found = label_clusters(clusters, protocol, store.LabelStore(folder), processes)
        wall_s = time.perf_counter() - start
    return {
        "processes": processes,
        "threads": threads,
        "n": int((found["status"] == "ok").sum()),
        "wall_s": wall_s,
        "labels_per_hour": 3600 * len(found) / wall_s,
        "cpu_s": found["cpu_s"].astype(float).mean(),
        "max_rss_MB": processes * found["max_rss_MB"].astype(float).max(),
    }
