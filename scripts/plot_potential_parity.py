"""Draw: predicted against reference energies and forces."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.plotting import potentials
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = potentials.parity(pd.read_csv(files.parity), pd.read_csv(files.metrics), style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
