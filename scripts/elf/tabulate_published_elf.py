"""Published deformation factors to draw beside the computed ones; empty without any."""

from ionshift.core.job import launch
from ionshift.core.user_tables import write_optional
from ionshift.nmr.published_elf import COLUMNS, read_published


def main(snakemake, log):
    n = write_optional(
        read_published, snakemake.input.published, COLUMNS, snakemake.output.published
    )
    log(f"{n} published factors")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
