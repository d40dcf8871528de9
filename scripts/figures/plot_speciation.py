"""Draw: share of the solvation classes against concentration."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.figures import liquid
from ionshift.figures.style import save


def main(snakemake, log):
    files, style = snakemake.input, whole(Figures, snakemake.params.style)
    figure = liquid.speciation(pd.read_csv(files.speciation), style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
