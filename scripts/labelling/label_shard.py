"""DFT shieldings of one shard of a system's clusters.

The device is no parameter of the rule: it changes no label, so it starts no job again.
"""

from ionshift.config.labelling import Labelling
from ionshift.config.protocol import Protocol
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.labels import sets, store
from ionshift.labels.shieldings import label_clusters


def main(snakemake, log):
    params = snakemake.params
    first = int(snakemake.wildcards.shard) * params.shard_size
    clusters = sets.read_clusters(snakemake.input.clusters)[first : first + params.shard_size]
    table = label_clusters(
        clusters,
        Protocol(**params.protocol),
        store.LabelStore(params.store),
        workers=snakemake.threads,
        log=log,
        protocol_name=params.protocol_name,
        elements=params.nuclei,
        device=Labelling(**snakemake.config.get("labelling", {})).device,
    )
    with atomic_path(snakemake.output.table) as path:
        table.to_parquet(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
