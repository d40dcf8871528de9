"""Sizes of the aggregates of every system, with the shift of their nuclei."""

from ionshift.core.files import read_table, write_tables
from ionshift.core.job import launch
from ionshift.core.tables import join_environments, mean_molarity_M, read_by_system
from ionshift.solvation import ion_networks


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    predictions = read_by_system(params.systems, files.predictions)
    members = {
        system: join_environments(table, predictions[system], ["shift_ppm"])
        for system, table in read_by_system(params.systems, files.members).items()
    }
    molarity_M = mean_molarity_M(read_table(files.md))
    summary = ion_networks.summary_table(members, molarity_M, params.n_blocks)
    log("\n" + summary.to_string(index=False, float_format="%.3f"))
    tables = {
        "networks": ion_networks.distribution_table(members, molarity_M, params.n_blocks),
        "summary": summary,
    }
    write_tables(tables, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
