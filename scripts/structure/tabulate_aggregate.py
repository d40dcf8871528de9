"""Atoms and bonds of the largest aggregate of the last system, as tables of the study."""

from ionshift.core.files import read_table, write_table
from ionshift.core.job import launch


def main(snakemake, log):
    for name, path in snakemake.input.items():
        table = read_table(path)
        log(f"{len(table)} {name}")
        write_table(table, snakemake.output[name])


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
