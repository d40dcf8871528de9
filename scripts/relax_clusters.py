"""Relax the chosen clusters of a system around the nucleus.

Device and number of processes are no parameters of the rule: they change no geometry.
"""

import ase.io

from common import launch
from ionshift import electrolyte, labels, relaxation
from ionshift.config import Calculator, Electrolyte, Relaxation
from ionshift.files import atomic_path


def main(snakemake, log):
    params, species = snakemake.params, Electrolyte(**snakemake.params.electrolyte)
    settings = Relaxation(**params.relaxation)
    given = (snakemake.config.get("relaxation") or {}).get("potential") or {}
    device = Calculator(**given).device
    potential = settings.potential.model_copy(update={"device": device})
    relaxed, table = relaxation.relax_clusters(
        labels.read_clusters(snakemake.input.clusters),
        relaxation.RelaxationTask(
            settings.model_copy(update={"potential": potential}), electrolyte.elements(species)
        ),
        relaxation.open_store(params.store),
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
