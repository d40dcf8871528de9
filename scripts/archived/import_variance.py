"""The variance of archived principal axes; empty where the archive does not have it."""

from ionshift.core.job import launch
from ionshift.core.user_tables import write_optional
from ionshift.runs.archived import VARIANCE_COLUMNS, read_variance


def main(snakemake, log):
    n = write_optional(
        read_variance, snakemake.input.variance, VARIANCE_COLUMNS, snakemake.output.variance
    )
    log(f"{n} principal axes")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
