"""All systems' radial distributions, of the nucleus or of pairs, with the cut-off in force."""

import pandas as pd

from ionshift.core.files import read_table, write_table
from ionshift.core.job import launch
from ionshift.solvation.shells import read_cutoff_A


def main(snakemake, log):
    table = pd.concat([read_table(path) for path in snakemake.input.rdfs], ignore_index=True)
    table["cutoff_A"] = read_cutoff_A(snakemake.input.shell)
    write_table(table, snakemake.output.rdf)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
