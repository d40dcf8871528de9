"""Draw: deformation factors against concentration."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.plotting import elf
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    published = pd.read_csv(files.published, comment="#") if files.published else None
    figure = elf.against_concentration(
        pd.read_csv(files.clusters), pd.read_csv(files.groups), published, style
    )
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
