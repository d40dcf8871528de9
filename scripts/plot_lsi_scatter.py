"""Draw: local structure index against shift."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.plotting import structure
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = structure.lsi_scatter(pd.read_csv(files.sample), pd.read_csv(files.correlation), style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
