"""Residence of anions and solvents in the first shells of one system, over its replicas."""

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.solvation import residence
from ionshift.solvation.shells import open_finders, read_cutoff_A


def main(snakemake, log):
    params = snakemake.params
    electrolyte, shell = Electrolyte(**params.electrolyte), Shell(**params.shell)
    cutoff_A = read_cutoff_A(snakemake.input.shell)
    finders = open_finders(
        snakemake.input.topologies, snakemake.input.trajectories, electrolyte, shell, cutoff_A
    )
    curves, times = residence.measure(finders, electrolyte, **params.dynamics)
    log("\n" + times.T.to_string(header=False))
    for one, target in ((curves, snakemake.output.residence), (times, snakemake.output.times)):
        one.insert(0, "system", snakemake.wildcards.system)
        with atomic_path(target) as path:
            one.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
