"""Draw: the surface that ends the core in two typical clusters."""

import pandas as pd

from common import launch
from ionshift.config import Figures
from ionshift.plotting import elf
from ionshift.plotting.style import save


def main(snakemake, log):
    files, style = snakemake.input, Figures(**snakemake.params.style)
    tables = [pd.read_csv(path) for path in (files.surfaces, files.atoms, files.clusters)]
    save(elf.surfaces(*tables, style), snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
