"""Draw: radial distribution of ligand atoms around the nucleus."""

import pandas as pd

from common import launch
from ionshift import plotting
from ionshift.config import Figures


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = plotting.radial_distribution(pd.read_csv(files.rdf), style)
    plotting.save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
