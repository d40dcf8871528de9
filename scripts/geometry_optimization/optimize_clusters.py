"""Optimize the chosen clusters of a system around the nucleus.

Device and number of processes are resources of the rule: they change no geometry.
"""

import ase.io

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.geometry_optimization import GeometryOptimization
from ionshift.config.part import given, whole
from ionshift.config.potential import Calculator
from ionshift.core.files import atomic_path, write_table
from ionshift.core.job import launch
from ionshift.labels import geometry_optimization, sets
from ionshift.systems import electrolyte


def main(snakemake, log):
    params, species = snakemake.params, given(Electrolyte, snakemake.params.electrolyte)
    device = {"device": snakemake.resources.device}
    potential = whole(Calculator, params.optimization["potential"] | device)
    settings = given(GeometryOptimization, params.optimization | {"potential": potential})
    optimized, table = geometry_optimization.optimize_clusters(
        sets.read_clusters(snakemake.input.clusters),
        geometry_optimization.OptimizationTask(settings, electrolyte.elements(species)),
        geometry_optimization.open_store(params.store),
        species,
        params.ligand_elements,
        workers=snakemake.threads,
        log=log,
    )
    log(f"status: {table['status'].value_counts().to_dict()}")
    with atomic_path(snakemake.output.clusters) as path:
        ase.io.write(path, optimized, format="extxyz")
    write_table(table, snakemake.output.table)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
