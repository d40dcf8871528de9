"""Join shards and shipped sets into one label table, behind the gate."""

from common import launch
from ionshift import labels
from ionshift.files import atomic_path


def main(snakemake, log):
    files = snakemake.input
    table = labels.join_tables(
        [labels.read_table(path) for path in [*files.tables, *files.shipped_tables]]
    )
    clusters = {
        atoms.info["cluster_id"]: atoms
        for path in [*files.clusters, *files.shipped_clusters]
        for atoms in labels.read_clusters(path)
    }
    log(f"{len(table)} labels: {table['status'].value_counts().to_dict()}")
    labels.check_gate(table, snakemake.params.min_ok_share)
    ordered = [clusters[name] for name in table["cluster_id"]]
    labels.write_label_set(snakemake.output.clusters, ordered, table)
    with atomic_path(snakemake.output.table) as path:
        table.to_parquet(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
