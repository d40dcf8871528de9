"""Atoms and bonds of the largest aggregate of the last system, as tables of the study."""

import pandas as pd

from ionshift.core.files import write_table
from ionshift.core.job import launch


def main(snakemake, log):
    for name, path in snakemake.input.items():
        table = pd.read_csv(path)
        log(f"{len(table)} {name}")
        write_table(table, snakemake.output[name])


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
