"""The local structure index of one system at several cut-offs."""

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.solvation.lsi import scan_cutoffs
from ionshift.solvation.shells import open_finders, read_cutoff_A


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    electrolyte, shell = Electrolyte(**params.electrolyte), Shell(**params.shell)
    cutoff_A = read_cutoff_A(files.shell)
    finders = open_finders(files.topologies, files.trajectories, electrolyte, shell, cutoff_A)
    table = scan_cutoffs(finders, params.cutoffs_A, params.frame_stride)
    log(f"{len(table)} indices at {params.cutoffs_A} A")
    with atomic_path(snakemake.output.scan) as path:
        table.to_parquet(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
