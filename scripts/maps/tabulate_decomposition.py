"""Change of the mean shift between systems, by class: other shares or other shifts within."""

import pandas as pd

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.core.tables import read_by_system
from ionshift.nmr.decomposition import decomposition_table


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    predictions = read_by_system(params.systems, files.predictions)
    members = dict(zip(params.systems, map(pd.read_csv, files.members), strict=True))
    table = decomposition_table(
        predictions, members, params.n_blocks, params.map["n_resamples"], params.map["seed"]
    )
    log("\n" + table.to_string(index=False, float_format="%.3f"))
    with atomic_path(snakemake.output.decomposition) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
