"""g(r) of the nucleus with solvent, anion and like atoms in one system."""

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.solvation.pairs import pair_table
from ionshift.trajectories.trajectory import open_all


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    table = pair_table(
        open_all(files.topologies, files.trajectories),
        Electrolyte(**params.electrolyte),
        Shell(**params.shell),
        params.frame_stride,
    )
    log(f"pairs: {', '.join(table['pair'].unique())}")
    table.insert(0, "system", snakemake.wildcards.system)
    with atomic_path(snakemake.output.rdf) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
