"""The local structure index of one system at several cut-offs."""

from common import launch
from ionshift.config import Electrolyte, Shell
from ionshift.files import atomic_path
from ionshift.lsi import scan_cutoffs
from ionshift.solvation import open_finders, read_cutoff_A


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
