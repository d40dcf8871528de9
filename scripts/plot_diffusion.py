"""Draw: diffusion coefficients of every species."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.plotting import dynamics
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    figure = dynamics.diffusion(pd.read_csv(files.diffusion), style)
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
