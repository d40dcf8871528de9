"""Take a shipped label set into the label store."""

from ionshift.config.part import whole
from ionshift.config.protocol import Protocol
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.labels import sets, store


def main(snakemake, log):
    clusters, table = sets.import_label_set(
        snakemake.input.labels,
        whole(Protocol, snakemake.params.protocol),
        store.LabelStore(snakemake.params.store),
        snakemake.params.nuclei,
        snakemake.params.chemistry,
    )
    log(f"{len(table)} labels of {snakemake.input.labels} are in the store")
    sets.write_label_set(snakemake.output.clusters, clusters, table)
    write_table(table, snakemake.output.table)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
