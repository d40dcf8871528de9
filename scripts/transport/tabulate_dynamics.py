"""Displacements, diffusion and residence of all systems, one table each."""

import pandas as pd

from ionshift.core.files import atomic_path
from ionshift.core.job import launch


def main(snakemake, log):
    for name, target in snakemake.output.items():
        with atomic_path(target) as path:
            pd.concat(map(pd.read_csv, snakemake.input[name])).to_csv(path, index=False)
        log(f"{target} written")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
