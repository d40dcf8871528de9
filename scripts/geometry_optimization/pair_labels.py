"""Labels of optimized clusters at their geometries in the MD: what the model learns."""

import pandas as pd

from ionshift.core.files import read_table
from ionshift.core.job import launch
from ionshift.labels import geometry_optimization_summary, sets
from ionshift.labels.table import read_labels


def main(snakemake, log):
    files = snakemake.input
    clusters, table = geometry_optimization_summary.training_pairs(
        [atoms for path in files.clusters for atoms in sets.read_clusters(path)],
        pd.concat([read_table(path) for path in files.optimized], ignore_index=True),
        read_labels(files.labels),
    )
    log(f"{len(clusters)} clusters kept their shell when they were optimized")
    sets.write_label_set(snakemake.output.clusters, clusters, table)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
