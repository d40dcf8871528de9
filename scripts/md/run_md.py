"""Molecular dynamics of one replica, from the packed box to the production trajectory.

Platform, device and the time between checkpoints are no parameters of the rule: they change no
result, so they start no job again.
"""

from pathlib import Path

from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.md import MD, PotentialMD
from ionshift.config.potential import Potential
from ionshift.core.job import launch
from ionshift.md import driver


def main(snakemake, log):
    params, config = snakemake.params, snakemake.config
    given = config.get(params.block) or {}
    md = MD(**(given if params.block == "md" else given.get("md") or {}) | params.md)
    driver.run(
        md.engine,
        Electrolyte(**params.electrolyte),
        System(**params.system),
        md,
        packed_pdb=snakemake.input.packed,
        out_dir=Path(snakemake.output.trajectory).parent,
        seed=params.seed,
        threads=snakemake.threads,
        log=log,
        potential=Potential(**(config.get("potential") or {}) | params.potential),
        potential_md=PotentialMD(**params.potential_md),
    )


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
