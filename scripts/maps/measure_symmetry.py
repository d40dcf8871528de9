"""Symmetry of the first shell of every nucleus in every analysed frame of one system."""

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.solvation.shells import finders_of
from ionshift.solvation.symmetry import shell_symmetry


def main(snakemake, log):
    params = snakemake.params
    finders = finders_of(snakemake.input, params)
    table = shell_symmetry(finders, params.frame_stride)
    log(f"{len(table)} shells, mean asymmetry {table['asymmetry'].mean():.3f}")
    write_table(table, snakemake.output.symmetry)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
