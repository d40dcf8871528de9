"""ELF around the nucleus of some labelled clusters of a system."""

from ionshift.config.elf import Elf
from ionshift.config.part import given, whole
from ionshift.config.protocol import Protocol
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.labels import elf_measurement, elf_sets, sets


def main(snakemake, log):
    params, settings = snakemake.params, given(Elf, snakemake.params.elf)
    labelled = sets.read_label_set(snakemake.input.clusters)
    chosen = elf_measurement.choose(labelled, snakemake.wildcards.system, settings.n_clusters)
    log(f"{len(chosen)} labelled clusters, elf.n_clusters = {settings.n_clusters}")
    store = elf_measurement.open_store(settings.store)
    elf_sets.take_shipped(snakemake.input.shipped, store)
    protocol = whole(Protocol, params.protocol)
    table = elf_measurement.measure(chosen, protocol, settings, store, snakemake.threads, log)
    log(f"status: {table['status'].value_counts().to_dict()}")
    write_table(table, snakemake.output.table)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
