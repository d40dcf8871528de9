"""Draw: mean shift against concentration."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.experiment import read_series
from ionshift.plotting import shifts
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    measured = read_series(files.experiment) if files.experiment else None
    figure = shifts.shift_against_concentration(pd.read_csv(files.shifts), measured, style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
