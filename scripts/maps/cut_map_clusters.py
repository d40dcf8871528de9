"""Cut the clusters that the interactive map shows, a random sample of the environments."""

import ase.io

from ionshift.config.map import Map
from ionshift.config.part import given
from ionshift.core.files import atomic_path, read_table
from ionshift.core.job import launch
from ionshift.core.provenance import derive_seed
from ionshift.learning.pca_map import cut_sample
from ionshift.solvation.shells import finders_of


def main(snakemake, log):
    params, system = snakemake.params, snakemake.wildcards.system
    finders = finders_of(snakemake.input, params)
    predictions = read_table(snakemake.input.predictions).assign(system=system)
    settings = given(Map, params.map)
    seed = derive_seed(settings.seed, "page", system)
    clusters = cut_sample(finders, predictions, settings.n_structures, seed)
    log(f"{len(clusters)} of {len(predictions)} environments")
    with atomic_path(snakemake.output.clusters) as path:
        ase.io.write(path, clusters, format="extxyz")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
