"""Take the molarities of an archived study over, checked."""

from pathlib import Path

from ionshift.core import schemas
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.runs.archived import read_molarities


def main(snakemake, log):
    table = read_molarities(Path(snakemake.input.md), snakemake.params.systems)
    log("\n" + table[["system", "molarity_M"]].to_string(index=False))
    write_table(schemas.named("md").known(table), snakemake.output.md)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
