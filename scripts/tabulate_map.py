"""The environments that the map draws: a sample of every system."""

import pandas as pd

from common import launch
from ionshift.files import atomic_path
from ionshift.pca_map import map_table


def main(snakemake, log):
    params = snakemake.params
    predictions = {
        system: pd.read_parquet(path)
        for system, path in zip(params.systems, snakemake.input.predictions, strict=True)
    }
    table = map_table(predictions, params.map["n_points"], params.map["seed"])
    log(f"{len(table)} of {sum(map(len, predictions.values()))} environments")
    with atomic_path(snakemake.output.map) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
