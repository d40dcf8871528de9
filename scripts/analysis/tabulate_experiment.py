"""The measured series of shifts as changes against its lowest concentration; empty without one."""

from ionshift.core.job import launch
from ionshift.core.user_tables import write_optional
from ionshift.nmr.experiment import COLUMNS, read_series


def main(snakemake, log):
    n = write_optional(
        read_series, snakemake.input.experiment, COLUMNS, snakemake.output.experiment
    )
    log(f"{n} measured concentrations")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
