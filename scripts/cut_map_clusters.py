"""Cut the clusters that the interactive map shows, a random sample of the environments."""

import ase.io
import pandas as pd

from common import launch
from ionshift.config import Electrolyte, Shell
from ionshift.files import atomic_path
from ionshift.pca_map import cut_sample
from ionshift.provenance import derive_seed
from ionshift.solvation import open_finders, read_cutoff_A


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
