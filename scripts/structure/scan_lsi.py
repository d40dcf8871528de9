"""The local structure index of one system at several cut-offs."""

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.solvation.lsi import scan_cutoffs
from ionshift.solvation.shells import finders_of


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    finders = finders_of(files, params)
    table = scan_cutoffs(finders, params.cutoffs_A, params.frame_stride)
    log(f"{len(table)} indices at {params.cutoffs_A} A")
    write_table(table, snakemake.output.scan)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
