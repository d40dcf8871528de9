"""Join shards and shipped sets into one label table, behind the gate."""

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.labels import gate, sets
from ionshift.labels.table import join_tables, read_labels


def main(snakemake, log):
    files = snakemake.input
    table = join_tables([read_labels(path) for path in [*files.tables, *files.shipped_tables]])
    clusters = {
        atoms.info["cluster_id"]: atoms
        for path in [*files.clusters, *files.shipped_clusters]
        for atoms in sets.read_clusters(path)
    }
    log(f"{len(table)} labels: {table['status'].value_counts().to_dict()}")
    gate.check_gate(table, snakemake.params.min_ok_share)
    ordered = [clusters[name] for name in table["cluster_id"]]
    sets.write_label_set(snakemake.output.clusters, ordered, table)
    write_table(table, snakemake.output.table)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
