"""Draw: distribution of aggregate sizes."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.plotting import structure
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = structure.network_sizes(pd.read_csv(files.networks), style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
