"""Molecular dynamics of one replica, from the packed box to the production trajectory.

Platform, device and the time between checkpoints are resources of the rule: they change no
result, so they start no job again.
"""

from pathlib import Path

from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.md import MD, PotentialMD
from ionshift.config.part import given, whole, whole_or_none
from ionshift.config.potential import Potential
from ionshift.core.job import launch
from ionshift.md import driver


def main(snakemake, log):
    params, how = snakemake.params, snakemake.resources
    md = given(MD, params.md | {key: how[key] for key in ("platform", "checkpoint_interval_ps")})
    driver.run(
        md.engine,
        given(Electrolyte, params.electrolyte),
        given(System, params.system),
        md,
        packed_pdb=snakemake.input.packed,
        out_dir=Path(snakemake.output.trajectory).parent,
        seed=params.seed,
        threads=snakemake.threads,
        log=log,
        potential=params.potential and whole(Potential, params.potential | {"device": how.device}),
        potential_md=whole_or_none(PotentialMD, params.potential_md),
    )


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
