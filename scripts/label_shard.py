"""DFT shieldings of one shard of a system's clusters.

The device is no parameter of the rule: it changes no label, so it starts no job again.
"""

from common import launch
from ionshift import labels
from ionshift.config import Labelling, Protocol
from ionshift.files import atomic_path
from ionshift.labelling import label_clusters


def main(snakemake, log):
    params = snakemake.params
    first = int(snakemake.wildcards.shard) * params.shard_size
    clusters = labels.read_clusters(snakemake.input.clusters)[first : first + params.shard_size]
    table = label_clusters(
        clusters,
        Protocol(**params.protocol),
        labels.LabelStore(params.store),
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
