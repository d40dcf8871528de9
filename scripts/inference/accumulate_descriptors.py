"""Mean and co-moment of the descriptors of every analysed environment of one system."""

from ionshift.config.descriptor import Descriptor
from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.job import launch
from ionshift.descriptors.registry import make_descriptor
from ionshift.learning.pca import Moments
from ionshift.solvation import environments
from ionshift.solvation.shells import open_finders, read_cutoff_A


def main(snakemake, log):
    params = snakemake.params
    finders = open_finders(
        snakemake.input.topologies,
        snakemake.input.trajectories,
        Electrolyte(**params.electrolyte),
        Shell(**params.shell),
        read_cutoff_A(snakemake.input.shell),
    )
    descriptor = make_descriptor(Descriptor(**params.descriptor), params.elements)
    total = environments.count(finders, params.frame_stride)
    moments = Moments.empty(descriptor.n_features)
    for _, geometries in environments.in_chunks(finders, params.frame_stride, params.chunk_size):
        moments.add(descriptor.describe(geometries))
        log(f"{moments.n}/{total} environments")
    moments.save(snakemake.output.moments, descriptor.species)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
