"""Cut the clusters that the interactive map shows, a random sample of the environments."""

import ase.io
import pandas as pd

from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.core.provenance import derive_seed
from ionshift.learning.pca_map import cut_sample
from ionshift.solvation.shells import open_finders, read_cutoff_A


def main(snakemake, log):
    params, system = snakemake.params, snakemake.wildcards.system
    finders = open_finders(
        snakemake.input.topologies,
        snakemake.input.trajectories,
        Electrolyte(**params.electrolyte),
        Shell(**params.shell),
        read_cutoff_A(snakemake.input.shell),
    )
    predictions = pd.read_parquet(snakemake.input.predictions).assign(system=system)
    seed = derive_seed(params.map["seed"], "page", system)
    clusters = cut_sample(finders, predictions, params.map["n_structures"], seed)
    log(f"{len(clusters)} of {len(predictions)} environments")
    with atomic_path(snakemake.output.clusters) as path:
        ase.io.write(path, clusters, format="extxyz")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
