"""Draw: mean shift against concentration."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.figures import shifts
from ionshift.figures.style import save
from ionshift.nmr.experiment import read_series


def main(snakemake, log):
    files, style = snakemake.input, whole(Figures, snakemake.params.style)
    measured = read_series(files.experiment) if files.experiment else None
    figure = shifts.shift_against_concentration(pd.read_csv(files.shifts), measured, style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
