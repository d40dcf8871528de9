"""Draw: deformation factors against concentration."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.figures import elf
from ionshift.figures.style import save


def main(snakemake, log):
    files, style = snakemake.input, whole(Figures, snakemake.params.style)
    published = pd.read_csv(files.published, comment="#") if files.published else None
    figure = elf.against_concentration(
        pd.read_csv(files.clusters), pd.read_csv(files.groups), published, style
    )
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
