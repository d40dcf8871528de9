"""Cut a pool of solvation clusters from the frames and choose those to label."""

import ase.io

from ionshift.config.descriptor import Descriptor
from ionshift.config.part import whole
from ionshift.config.sampling import Sampling
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.core.provenance import derive_seed
from ionshift.descriptors.registry import elements_of, make_descriptor
from ionshift.solvation import sampling, shells


def main(snakemake, log):
    params = snakemake.params
    settings = whole(Sampling, params.sampling)
    finders = shells.finders_of(snakemake.input, params)
    system = snakemake.wildcards.system
    seed = derive_seed(settings.seed, "sampling", system)
    clusters = shells.pool_clusters(finders, params.study, system, settings, seed)
    classes = [atoms.info["solvation_class"] for atoms in clusters]
    log(f"pool of {len(clusters)} environments: {shells.count_classes(classes)}")

    def describe():
        descriptor = make_descriptor(whole(Descriptor, params.descriptor), elements_of(clusters))
        return descriptor.describe(clusters)

    nuclei = [(atoms.info["replica"], atoms.info["nucleus"]) for atoms in clusters]
    chosen = sampling.choose(settings.method, settings.n_clusters, classes, nuclei, describe, seed)
    log(f"chose {len(chosen)}: {shells.count_classes([classes[i] for i in chosen])}")
    members = sampling.named_members(settings, system)
    rest = shells.cut_clusters(finders, params.study, system, members)
    with atomic_path(snakemake.output.clusters) as path:
        ase.io.write(path, [*(clusters[i] for i in chosen), *rest], format="extxyz")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
