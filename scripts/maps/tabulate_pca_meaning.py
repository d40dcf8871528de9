"""Correlation of the principal components with shift and shell."""

from ionshift.config.map import Map
from ionshift.config.part import given
from ionshift.core.files import write_table
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
    settings = given(Map, params.map)
    table = meaning_table(environments, params.n_blocks, settings.n_resamples, settings.seed)
    log("\n" + table.to_string(index=False, float_format="%.3f"))
    write_table(table, snakemake.output.meaning)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
