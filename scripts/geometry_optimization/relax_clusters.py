"""Relax the chosen clusters of a system around the nucleus.

Device and number of processes are no parameters of the rule: they change no geometry.
"""

import ase.io

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.geometry_optimization import GeometryOptimization
from ionshift.config.potential import Calculator
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.labels import geometry_optimization, sets
from ionshift.systems import electrolyte


def main(snakemake, log):
    params, species = snakemake.params, Electrolyte(**snakemake.params.electrolyte)
    settings = GeometryOptimization(**params.relaxation)
    given = (snakemake.config.get("geometry_optimization") or {}).get("potential") or {}
    device = Calculator(**given).device
    potential = settings.potential.model_copy(update={"device": device})
    relaxed, table = geometry_optimization.relax_clusters(
        sets.read_clusters(snakemake.input.clusters),
        geometry_optimization.RelaxationTask(
            settings.model_copy(update={"potential": potential}), electrolyte.elements(species)
        ),
        geometry_optimization.open_store(params.store),
        species,
        params.ligand_elements,
        workers=snakemake.threads,
        log=log,
    )
    log(f"status: {table['status'].value_counts().to_dict()}")
    with atomic_path(snakemake.output.clusters) as path:
        ase.io.write(path, relaxed, format="extxyz")
    with atomic_path(snakemake.output.table) as path:
        table.to_parquet(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
