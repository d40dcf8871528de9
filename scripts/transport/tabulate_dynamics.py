"""Displacements, diffusion and residence of all systems, one table each."""

import pandas as pd

from ionshift.core.files import read_table, write_table
from ionshift.core.job import launch


def main(snakemake, log):
    for name, target in snakemake.output.items():
        write_table(pd.concat(map(read_table, snakemake.input[name])), target)
        log(f"{target} written")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
