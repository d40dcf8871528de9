"""Labels of relaxed clusters at their geometries in the MD: what the model learns."""

import pandas as pd

from common import launch
from ionshift import labels, relaxation_summary


def main(snakemake, log):
    files = snakemake.input
    clusters, table = relaxation_summary.training_pairs(
        [atoms for path in files.clusters for atoms in labels.read_clusters(path)],
        pd.concat([pd.read_parquet(path) for path in files.relaxed], ignore_index=True),
        labels.read_table(files.labels),
    )
    log(f"{len(clusters)} clusters kept their shell when they were relaxed")
    labels.write_label_set(snakemake.output.clusters, clusters, table)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
