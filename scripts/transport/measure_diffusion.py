"""Mean-square displacements and diffusion coefficients of one system, over its replicas."""

from ionshift.config.dynamics import Dynamics
from ionshift.config.electrolyte import Electrolyte
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.trajectories.trajectory import open_all
from ionshift.transport import diffusion


def main(snakemake, log):
    params = snakemake.params
    msd, table = diffusion.measure(
        open_all(snakemake.input.topologies, snakemake.input.trajectories),
        Electrolyte(**params.electrolyte),
        Dynamics(**params.dynamics),
        params.temperature_K,
        params.viscosity_mPa_s,
    )
    log("\n" + table.T.to_string(header=False))
    for one, target in ((msd, snakemake.output.msd), (table, snakemake.output.diffusion)):
        one.insert(0, "system", snakemake.wildcards.system)
        with atomic_path(target) as path:
            one.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
