"""Take the molarities and the variance of the principal axes of an archived study over, checked.

The table of the variance is empty where the archive does not have it.
"""

from pathlib import Path

from ionshift.core import schemas
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.core.user_tables import write_optional
from ionshift.runs.archived import VARIANCE_COLUMNS, read_molarities, read_variance


def main(snakemake, log):
    files, output = snakemake.input, snakemake.output
    table = read_molarities(Path(files.md), snakemake.params.systems)
    log("\n" + table[["system", "molarity_M"]].to_string(index=False))
    write_table(schemas.named("md").known(table), output.md)
    n = write_optional(read_variance, files.variance, VARIANCE_COLUMNS, output.variance)
    log(f"{n} principal axes")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
