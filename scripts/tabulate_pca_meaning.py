"""Correlation of the principal components with shift and shell."""

from common import launch
from ionshift.files import atomic_path
from ionshift.pca_map import meaning_table
from ionshift.tables import join_environments, read_by_system


def main(snakemake, log):
    params, files = snakemake.params, snakemake.input
    environments = read_by_system(params.systems, files.predictions)
    if files.symmetry:
        symmetry = read_by_system(params.systems, files.symmetry)
        environments = {
            system: join_environments(table, symmetry[system], ["asymmetry", "tetrahedrality"])
            for system, table in environments.items()
        }
    table = meaning_table(
        environments, params.n_blocks, params.map["n_resamples"], params.map["seed"]
    )
    log("\n" + table.to_string(index=False, float_format="%.3f"))
    with atomic_path(snakemake.output.meaning) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
