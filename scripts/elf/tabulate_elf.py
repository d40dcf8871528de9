"""Deformation factors of the ELF by cluster and group, and what they depend on."""

import pandas as pd

from ionshift.config.elf import Elf
from ionshift.config.part import given
from ionshift.core.files import read_table, write_tables
from ionshift.core.job import launch
from ionshift.labels import sets
from ionshift.nmr import elf_summary


def main(snakemake, log):
    files, settings = snakemake.input, given(Elf, snakemake.params.elf)
    measured = pd.concat([read_table(path) for path in files.measured], ignore_index=True)
    clusters = elf_summary.cluster_table(measured, settings)
    typical = elf_summary.typical_clusters(clusters)
    tables = {
        "clusters": clusters,
        "groups": elf_summary.group_table(clusters, read_table(files.speciation)),
        "correlation": elf_summary.correlation_table(clusters),
        "sensitivity": elf_summary.sensitivity_table(measured, settings),
        "surfaces": elf_summary.surface_table(measured, typical, settings),
        "atoms": elf_summary.atom_table(
            sets.read_clusters(files.clusters), typical, snakemake.params.ligand_elements
        ),
    }
    write_tables(tables, snakemake.output)
    log("\n" + tables["correlation"].to_string(index=False, float_format="%.4f"))


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
