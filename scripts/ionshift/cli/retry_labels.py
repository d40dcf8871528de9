"""Forget the failed labels of a study, so that the next run computes them again.

Each starts with a stronger SCF recipe than the one that failed.

"""

from pathlib import Path

from ionshift.config.study import LiquidStudy
from ionshift.core.files import read_table
from ionshift.labels import elf_measurement, sets
from ionshift.labels import store as labels_store
from ionshift.labels.shieldings import retry_failed
from ionshift.solvation.sampling import n_to_label
from ionshift.studies import registry

# Clusters to the tables of their labels.
FOLDERS = {"clusters": "shards", "clusters_optimized": "optimized_shards"}


def main(path: Path) -> None:
    study = registry.load(path)
    labelling = study.labelling
    store = labels_store.LabelStore(labelling.store)
    results = Path(f"results/{study.study}")
    total = 0
    for system in study.systems:
        for folder, shards in FOLDERS.items():
            source = results / folder / f"{system}.extxyz"
            if not (source.is_file() and n_to_label(study.sampling, system)):
                continue
            clusters = sets.read_clusters(source)
            failed = retry_failed(clusters, labelling.chosen_protocol(), store)
            for shard in {position // labelling.shard_size for position in failed}:
                table = results / "labels" / shards / f"{system}_{shard}.parquet"
                table.unlink(missing_ok=True)
            total += len(failed)
    total += _retry_elf(study, results)
    print(f"{total} failed labels will be computed again")


def _retry_elf(study: LiquidStudy, results: Path) -> int:
    """Forget failed ELF records, and the tables that hold them; returns their number."""
    store, total = elf_measurement.open_store(study.elf.store), 0
    for path in sorted((results / "elf").glob("*.parquet")):
        failed = [key for key in read_table(path)["key"] if store.discard(key)]
        if failed:
            path.unlink()
        total += len(failed)
    return total
