"""Take a shipped label set into the label store."""

from common import launch
from ionshift import labels
from ionshift.config import Protocol
from ionshift.files import atomic_path


def main(snakemake, log):
    clusters, table = labels.import_label_set(
        snakemake.input.labels,
        Protocol(**snakemake.params.protocol),
        labels.LabelStore(snakemake.params.store),
        snakemake.params.nuclei,
    )
    log(f"{len(table)} labels of {snakemake.input.labels} are in the store")
    labels.write_label_set(snakemake.output.clusters, clusters, table)
    with atomic_path(snakemake.output.table) as path:
        table.to_parquet(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
