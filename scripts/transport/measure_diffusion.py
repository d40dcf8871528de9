"""Mean-square displacements and diffusion coefficients of one system, over its replicas."""

from ionshift.config.dynamics import Dynamics
from ionshift.config.electrolyte import Electrolyte
from ionshift.config.part import given
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.trajectories.trajectory import open_all
from ionshift.transport import diffusion


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    msd, table = diffusion.measure(
        open_all(files.topologies, files.trajectories, files.summaries),
        given(Electrolyte, params.electrolyte),
        given(Dynamics, params.dynamics),
        params.temperature_K,
        params.viscosity_mPa_s,
    )
    log("\n" + table.T.to_string(header=False))
    for one, target in ((msd, snakemake.output.msd), (table, snakemake.output.diffusion)):
        one.insert(0, "system", snakemake.wildcards.system)
        write_table(one, target)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
