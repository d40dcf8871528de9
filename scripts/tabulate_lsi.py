"""The local structure index against the shift, in every system."""

import pandas as pd

from common import launch
from ionshift import lsi
from ionshift.config import Structure
from ionshift.files import atomic_path
from ionshift.tables import mean_molarity_M, with_shifts


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    settings, n_blocks, seeds = Structure(**params.structure), params.n_blocks, params.seeds
    predictions = dict(zip(seeds, map(pd.read_parquet, files.predictions), strict=True))
    scans = {
        system: with_shifts(pd.read_parquet(path), predictions[system])
        for system, path in zip(seeds, files.scans, strict=True)
    }
    molarity_M = mean_molarity_M(pd.read_csv(files.md))
    edges_A2, errors = settings.lsi_edges_A2, (n_blocks, settings.n_bootstrap, seeds)
    tables = {
        "ranges": lsi.range_table(predictions, molarity_M, edges_A2, n_blocks),
        "histograms": lsi.histogram_table(predictions, edges_A2, settings.histogram_bins),
        "sample": lsi.sample_table(predictions, settings.sample_size, seeds),
        "correlation": lsi.correlation_table(predictions, molarity_M, edges_A2, *errors),
        "cutoffs": lsi.cutoff_table(scans, molarity_M, *errors),
    }
    log("\n" + tables["correlation"].to_string(index=False, float_format="%.3f"))
    for name, table in tables.items():
        with atomic_path(snakemake.output[name]) as path:
            table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
