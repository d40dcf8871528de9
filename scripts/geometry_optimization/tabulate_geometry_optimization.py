"""What geometry optimization does to distances and mean shieldings, by cluster and by class."""

import pandas as pd

from ionshift.core.files import read_table, write_tables
from ionshift.core.job import launch
from ionshift.labels import geometry_optimization_summary
from ionshift.labels.table import read_labels


def main(snakemake, log):
    files = snakemake.input
    optimized = pd.concat([read_table(path) for path in files.optimized], ignore_index=True)
    clusters = geometry_optimization_summary.cluster_table(
        optimized, *[read_labels(path) for path in files.labels]
    )
    groups = geometry_optimization_summary.group_table(clusters, read_table(files.speciation))
    log("\n" + groups.to_string(index=False, float_format="%.3f"))
    write_tables({"clusters": clusters, "groups": groups}, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
