"""DFT shieldings of one shard of a system's clusters.

The device is a resource of the rule: it changes no label, so it starts no job again.
"""

from ionshift.config.part import whole
from ionshift.config.protocol import Protocol
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.labels import sets, store
from ionshift.labels.shieldings import label_clusters


def main(snakemake, log):
    params = snakemake.params
    first = int(snakemake.wildcards.shard) * params.shard_size
    clusters = sets.read_clusters(snakemake.input.clusters)[first : first + params.shard_size]
    table = label_clusters(
        clusters,
        whole(Protocol, params.protocol),
        store.LabelStore(params.store),
        workers=snakemake.threads,
        log=log,
        protocol_name=params.protocol_name,
        elements=params.nuclei,
        device=snakemake.resources.device,
    )
    write_table(table, snakemake.output.table)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
