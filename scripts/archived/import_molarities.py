"""Take the molarities of an archived study over, checked."""

from pathlib import Path

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.runs.archived import read_molarities

COLUMNS = ("system", "replica", "molarity_M")


def main(snakemake, log):
    table = read_molarities(Path(snakemake.input.md), snakemake.params.systems)
    log("\n" + table[["system", "molarity_M"]].to_string(index=False))
    write_table(table[[name for name in COLUMNS if name in table]], snakemake.output.md)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
