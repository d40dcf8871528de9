"""Draw: what the principal components mean."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.plotting import maps
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = maps.pca_meaning(pd.read_csv(files.meaning), style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
