"""g(r) of the nucleus with solvent, anion and like atoms in one system."""

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.part import given
from ionshift.config.shell import Shell
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.solvation.pairs import pair_table
from ionshift.trajectories.trajectory import open_all


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    table = pair_table(
        open_all(files.topologies, files.trajectories, files.summaries),
        given(Electrolyte, params.electrolyte),
        given(Shell, params.shell),
        params.frame_stride,
    )
    log(f"pairs: {', '.join(table['pair'].unique())}")
    table.insert(0, "system", snakemake.wildcards.system)
    write_table(table, snakemake.output.rdf)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
