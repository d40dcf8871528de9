"""The aggregate of every nucleus in every analysed frame of one system, and the largest one."""

from common import launch
from ionshift import networks
from ionshift.config import Electrolyte, Shell
from ionshift.files import atomic_path
from ionshift.solvation import read_cutoff_A
from ionshift.trajectory import open_all


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    electrolyte, shell = Electrolyte(**params.electrolyte), Shell(**params.shell)
    cutoff_A = read_cutoff_A(files.shell)
    finders = [
        networks.NetworkFinder(trajectory, electrolyte, shell, cutoff_A)
        for trajectory in open_all(files.topologies, files.trajectories)
    ]
    members = networks.member_table(finders, params.frame_stride)
    log(f"{len(members)} environments, the largest aggregate has {members['n_ions'].max()} ions")
    with atomic_path(snakemake.output.members) as path:
        members.to_parquet(path, index=False)
    atoms, bonds = networks.largest(finders, members)
    for name, table in (("atoms", atoms), ("bonds", bonds)):
        with atomic_path(snakemake.output[name]) as path:
            table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
