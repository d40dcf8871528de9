"""Radial distribution of ligand atoms around the nucleus, pooled over the replicas."""

import pandas as pd

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.part import given
from ionshift.config.shell import Shell
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.solvation import shells
from ionshift.trajectories.trajectory import open_all


def main(snakemake, log):
    electrolyte = given(Electrolyte, snakemake.params.electrolyte)
    shell = given(Shell, snakemake.params.shell)
    files, tables = snakemake.input, []
    for trajectory in open_all(files.topologies, files.trajectories, files.summaries):
        log(f"{trajectory.path}: {len(trajectory)} frames")
        tables.append(
            shells.radial_distribution(
                trajectory,
                shells.centres(trajectory, electrolyte),
                shells.ligands(trajectory, electrolyte, shell),
                shell.rdf_max_A,
                shell.rdf_bin_A,
                snakemake.params.frame_stride,
            )
        )
    rdf = sum(tables) / len(tables)
    rdf.insert(0, "system", snakemake.wildcards.system)
    write_table(pd.DataFrame(rdf), snakemake.output.rdf)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
