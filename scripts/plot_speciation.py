"""Draw: share of the solvation classes against concentration."""

import pandas as pd

from common import launch
from ionshift import plotting
from ionshift.config import Figures


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = plotting.speciation(pd.read_csv(files.speciation), style)
    plotting.save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
