"""The aggregate of every nucleus in every analysed frame of one system, and the largest one."""

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.part import given
from ionshift.config.shell import Shell
from ionshift.core.files import write_tables
from ionshift.core.job import launch
from ionshift.solvation import ion_networks
from ionshift.solvation.shells import read_cutoff_A
from ionshift.trajectories.trajectory import open_all


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    electrolyte, shell = given(Electrolyte, params.electrolyte), given(Shell, params.shell)
    cutoff_A = read_cutoff_A(files.shell)
    finders = [
        ion_networks.NetworkFinder(trajectory, electrolyte, shell, cutoff_A)
        for trajectory in open_all(files.topologies, files.trajectories, files.summaries)
    ]
    members = ion_networks.member_table(finders, params.frame_stride)
    log(f"{len(members)} environments, the largest aggregate has {members['n_ions'].max()} ions")
    atoms, bonds = ion_networks.largest(finders, members)
    write_tables({"members": members, "atoms": atoms, "bonds": bonds}, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
