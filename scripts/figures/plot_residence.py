"""Draw: residence of anions and solvents in the first shell."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.figures import dynamics
from ionshift.figures.style import save


def main(snakemake, log):
    files, style = snakemake.input, whole(Figures, snakemake.params.style)
    figure = dynamics.residence(
        pd.read_csv(files.residence), pd.read_csv(files.residence_times), style
    )
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
