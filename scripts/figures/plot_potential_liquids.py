"""Draw: g(r), solvation classes and shieldings in the liquids of potential and force field."""

import pandas as pd

from ionshift.config.figures import Figures
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.core.tables import read_by_system
from ionshift.figures import potentials
from ionshift.figures.style import save


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    style, systems = whole(Figures, params.style), params.systems
    rdf = {name: pd.concat(map(pd.read_csv, files[f"{name}_rdf"])) for name in potentials.LINES}
    predictions = {
        name: read_by_system(systems, files[f"{name}_predictions"]) for name in potentials.LINES
    }
    figure = potentials.liquids(
        pd.read_csv(files.table), rdf, predictions, params.ligand_elements, style
    )
    save(figure, snakemake.output, style.dpi)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
