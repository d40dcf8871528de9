"""The aggregate of every nucleus in every analysed frame of one system, and the largest one."""

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.solvation import ion_networks
from ionshift.solvation.shells import read_cutoff_A
from ionshift.trajectories.trajectory import open_all


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    electrolyte, shell = Electrolyte(**params.electrolyte), Shell(**params.shell)
    cutoff_A = read_cutoff_A(files.shell)
    finders = [
        ion_networks.NetworkFinder(trajectory, electrolyte, shell, cutoff_A)
        for trajectory in open_all(files.topologies, files.trajectories)
    ]
    members = ion_networks.member_table(finders, params.frame_stride)
    log(f"{len(members)} environments, the largest aggregate has {members['n_ions'].max()} ions")
    with atomic_path(snakemake.output.members) as path:
        members.to_parquet(path, index=False)
    atoms, bonds = ion_networks.largest(finders, members)
    for name, table in (("atoms", atoms), ("bonds", bonds)):
        with atomic_path(snakemake.output[name]) as path:
            table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
