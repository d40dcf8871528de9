"""Draw: the surface that ends the core in two typical clusters."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.figures import elf
from ionshift.figures.style import save


def main(snakemake, log):
    files, style = snakemake.input, whole(Figures, snakemake.params.style)
    tables = [pd.read_csv(path) for path in (files.surfaces, files.atoms, files.clusters)]
    save(elf.surfaces(*tables, style), snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
