"""Correlation of the principal components with shift and shell."""

import pandas as pd

from common import launch
from ionshift.files import atomic_path
from ionshift.pca_map import meaning_table, with_symmetry


def main(snakemake, log):
    params, files = snakemake.params, snakemake.input
    environments = {
        system: with_symmetry(pd.read_parquet(path), pd.read_parquet(symmetry), system)
        for system, path, symmetry in zip(
            params.systems, files.predictions, files.symmetry, strict=True
        )
    }
    table = meaning_table(
        environments, params.n_blocks, params.map["n_resamples"], params.map["seed"]
    )
    log("\n" + table.to_string(index=False, float_format="%.3f"))
    with atomic_path(snakemake.output.meaning) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
