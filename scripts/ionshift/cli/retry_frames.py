"""Forget the failed reference labels of a potential's training: the next run computes them again.

Each gets more SCF cycles and stronger damping than before.

"""

from pathlib import Path

from ionshift.core.errors import InputError
from ionshift.potential_training import frames, reference
from ionshift.studies import registry


def main(path: Path) -> None:
    study = registry.load(path)
    training = study.potential_training
    if training is None:
        raise InputError(f"{path} has no potential_training: there are no labels to retry")
    store = reference.open_store(training.store)
    task = reference.ReferenceTask(training.reference)
    folder, total = Path(f"results/{study.study}/potential/rounds"), 0
    for chosen in sorted(folder.glob("*/frames/*.extxyz")):
        keys = [task.key_of(atoms) for atoms in frames.read(chosen, may_be_empty=True)]
        failed = [position for position, key in enumerate(keys) if store.discard(key)]
        for shard in {position // training.shard_size for position in failed}:
            for suffix in ("extxyz", "parquet"):
                path = chosen.parents[1] / "shards" / f"{chosen.stem}_{shard}.{suffix}"
                path.unlink(missing_ok=True)
        total += len(failed)
    print(f"{total} failed labels will be computed again")
