"""Forget the failed labels of a study, so that the next run computes them again.

Usage: python scripts/retry_labels.py CONFIG
"""

import sys
from pathlib import Path

import pandas as pd

from ionshift import config
from ionshift.labels import LabelStore


def main(path):
    study = config.load(path)
    store = LabelStore(study.labelling.store)
    forgotten = 0
    for shard in sorted(Path(f"results/{study.study}/labels/shards").glob("*.parquet")):
        table = pd.read_parquet(shard)
        failed = table.loc[table["status"] != "ok", "key"]
        forgotten += sum(store.discard(key) for key in failed)
        if len(failed):
            shard.unlink()
    print(f"{forgotten} failed labels will be computed again")


if __name__ == "__main__":
    main(sys.argv[1])
