"""The local structure index against the shift, in every system."""

from ionshift.config.part import given
from ionshift.config.structure import Structure
from ionshift.core.files import read_table, write_tables
from ionshift.core.job import launch
from ionshift.core.tables import mean_molarity_M, read_by_system
from ionshift.solvation import lsi


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    settings, n_blocks, seeds = given(Structure, params.structure), params.n_blocks, params.seeds
    predictions = read_by_system(seeds, files.predictions)
    molarity_M = mean_molarity_M(read_table(files.md))
    edges_A2, errors = settings.lsi_edges_A2, (n_blocks, settings.n_bootstrap, seeds)
    tables = {
        "ranges": lsi.range_table(predictions, molarity_M, edges_A2, n_blocks),
        "histograms": lsi.histogram_table(predictions, edges_A2, settings.histogram_bins),
        "sample": lsi.sample_table(predictions, settings.sample_size, seeds),
        "correlation": lsi.correlation_table(predictions, molarity_M, edges_A2, *errors),
    }
    log("\n" + tables["correlation"].to_string(index=False, float_format="%.3f"))
    write_tables(tables, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
