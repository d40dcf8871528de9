"""Molecular dynamics of one replica, from the packed box to the production trajectory."""

from pathlib import Path

from common import launch
from ionshift import dynamics
from ionshift.config import MD, Electrolyte, Potential, PotentialMD, System


def main(snakemake, log):
    md = MD(**snakemake.params.md)
    dynamics.run(
        md.engine,
        Electrolyte(**snakemake.params.electrolyte),
        System(**snakemake.params.system),
        md,
        packed_pdb=snakemake.input.packed,
        out_dir=Path(snakemake.output.trajectory).parent,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
        log=log,
        potential=Potential(**snakemake.params.potential),
        potential_md=PotentialMD(**snakemake.params.potential_md),
    )


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
