"""Draw: errors of every round of active learning, and where the committee disagreed."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import given, whole
from ionshift.config.potential_training import PotentialExploration
from ionshift.core.job import launch
from ionshift.figures import potentials
from ionshift.figures.style import save


def main(snakemake, log):
    files, style = snakemake.input, whole(Figures, snakemake.params.style)
    figure = potentials.rounds(
        pd.read_csv(files.errors),
        pd.read_csv(files.met),
        given(PotentialExploration, snakemake.params.exploration),
        style,
    )
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
