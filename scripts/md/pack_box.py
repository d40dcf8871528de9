"""The box that the MD of one replica starts from: packed, or given."""

from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.part import given
from ionshift.core.job import launch
from ionshift.systems.packing import pack_box
from ionshift.systems.starting_boxes import take_box


def main(snakemake, log):
    electrolyte = given(Electrolyte, snakemake.params.electrolyte)
    system = given(System, snakemake.params.system)
    if snakemake.input.start:
        (start,) = snakemake.input.start
        take_box(electrolyte, system, start, snakemake.output.packed)
        log(f"took {start}")
        return
    pack_box(electrolyte, system, snakemake.params.seed, snakemake.output.packed)
    log(f"packed {sum(system.counts.values())} molecules, seed {snakemake.params.seed}")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
