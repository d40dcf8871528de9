"""Correlation of the principal components with shift and shell."""

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.core.tables import join_environments, read_by_system
from ionshift.learning.pca_map import meaning_table


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
