"""The variance of archived principal axes; empty where the archive does not have it."""

import pandas as pd

from ionshift.core import schemas
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.runs.archived import read_variance

COLUMNS = ["component", "explained_share"]


def main(snakemake, log):
    known = schemas.named("pca_variance").known
    source = snakemake.input.variance
    table = known(read_variance(str(source))) if source else pd.DataFrame(columns=COLUMNS)
    log(f"{len(table)} principal axes")
    write_table(table, snakemake.output.variance)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
