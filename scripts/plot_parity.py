"""Draw: predicted against computed shieldings."""

import pandas as pd

from common import launch
from ionshift import plotting
from ionshift.config import Figures


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = plotting.parity(pd.read_csv(files.parity), pd.read_csv(files.metrics), style)
    plotting.save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
