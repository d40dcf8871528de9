"""Draw: force errors of every element, and what more frames gain."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.figures import potentials
from ionshift.figures.style import save


def main(snakemake, log):
    files, style = snakemake.input, whole(Figures, snakemake.params.style)
    figure = potentials.errors(
        pd.read_csv(files.metrics),
        pd.read_csv(files.learning_curve),
        pd.read_csv(files.epochs),
        style,
    )
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
