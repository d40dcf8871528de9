"""What relaxation does to distances and mean shieldings, by cluster and by class."""

import pandas as pd

from common import launch
from ionshift import labels, relaxation_summary
from ionshift.files import atomic_path


def main(snakemake, log):
    files = snakemake.input
    relaxed = pd.concat([pd.read_parquet(path) for path in files.relaxed], ignore_index=True)
    clusters = relaxation_summary.cluster_table(
        relaxed, *[labels.read_table(path) for path in files.labels]
    )
    groups = relaxation_summary.group_table(clusters, pd.read_csv(files.speciation))
    log("\n" + groups.to_string(index=False, float_format="%.3f"))
    for name, table in {"clusters": clusters, "groups": groups}.items():
        with atomic_path(snakemake.output[name]) as path:
            table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
