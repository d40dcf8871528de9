"""Draw: predicted against computed shieldings."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.figures import training
from ionshift.figures.style import save


def main(snakemake, log):
    files, style = snakemake.input, whole(Figures, snakemake.params.style)
    figure = training.parity(pd.read_csv(files.parity), pd.read_csv(files.metrics), style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
