"""Published deformation factors to draw beside the computed ones; empty without any."""

import pandas as pd

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.nmr.published_elf import COLUMNS, read_published


def main(snakemake, log):
    source = snakemake.input.published
    table = read_published(str(source)) if source else pd.DataFrame(columns=COLUMNS)
    log(f"{len(table)} published factors")
    write_table(table, snakemake.output.published)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
