"""The local structure index at several cut-offs, and its correlation with the shift."""

from ionshift.core.files import read_table, write_table
from ionshift.core.job import launch
from ionshift.core.tables import join_environments, mean_molarity_M, read_by_system
from ionshift.solvation.lsi import cutoff_table


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    predictions = read_by_system(params.seeds, files.predictions)
    scans = {
        system: join_environments(table, predictions[system], ["shift_ppm"])
        for system, table in read_by_system(params.seeds, files.scans).items()
    }
    molarity_M = mean_molarity_M(read_table(files.md))
    table = cutoff_table(scans, molarity_M, params.n_blocks, params.n_bootstrap, params.seeds)
    log("\n" + table.to_string(index=False, float_format="%.3f"))
    write_table(table, snakemake.output.cutoffs)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
