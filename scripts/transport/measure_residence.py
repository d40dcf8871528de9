"""Residence of anions and solvents in the first shells of one system, over its replicas."""

from ionshift.config.dynamics import Dynamics
from ionshift.config.electrolyte import Electrolyte
from ionshift.config.part import given
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.solvation import residence
from ionshift.solvation.shells import finders_of


def main(snakemake, log):
    params = snakemake.params
    dynamics = given(Dynamics, params.dynamics)
    finders = finders_of(snakemake.input, params)
    curves, times = residence.measure(
        finders,
        given(Electrolyte, params.electrolyte),
        dynamics.frame_stride,
        dynamics.max_lag_share,
        dynamics.excursion_ps,
    )
    log("\n" + times.T.to_string(header=False))
    for one, target in ((curves, snakemake.output.residence), (times, snakemake.output.times)):
        one.insert(0, "system", snakemake.wildcards.system)
        write_table(one, target)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
