"""Draw: predicted against computed shieldings."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.plotting import training
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = training.parity(pd.read_csv(files.parity), pd.read_csv(files.metrics), style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
