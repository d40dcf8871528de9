"""All systems' radial distributions, of the nucleus or of pairs, with the cut-off in force."""

import pandas as pd

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.solvation.shells import read_cutoff_A


def main(snakemake, log):
    table = pd.concat([pd.read_csv(path) for path in snakemake.input.rdfs], ignore_index=True)
    table["cutoff_A"] = read_cutoff_A(snakemake.input.shell)
    with atomic_path(snakemake.output.rdf) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
