"""Symmetry of the first shell of every nucleus in every analysed frame of one system."""

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.solvation.shells import open_finders, read_cutoff_A
from ionshift.solvation.symmetry import shell_symmetry


def main(snakemake, log):
    params = snakemake.params
    finders = open_finders(
        snakemake.input.topologies,
        snakemake.input.trajectories,
        Electrolyte(**params.electrolyte),
        Shell(**params.shell),
        read_cutoff_A(snakemake.input.shell),
    )
    table = shell_symmetry(finders, params.frame_stride)
    log(f"{len(table)} shells, mean asymmetry {table['asymmetry'].mean():.3f}")
    with atomic_path(snakemake.output.symmetry) as path:
        table.to_parquet(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
