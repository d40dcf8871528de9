"""Pack the molecules of one system into a periodic box."""

from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.part import given, whole
from ionshift.core.job import launch
from ionshift.systems.packing import pack_box


def main(snakemake, log):
    electrolyte = given(Electrolyte, snakemake.params.electrolyte)
    system = whole(System, snakemake.params.system)
    pack_box(electrolyte, system, snakemake.params.seed, snakemake.output.packed)
    log(f"packed {sum(system.counts.values())} molecules, seed {snakemake.params.seed}")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
