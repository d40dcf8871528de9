"""Mean and co-moment of the descriptors of every analysed environment of one system."""

from ionshift.config.descriptor import Descriptor
from ionshift.config.part import whole
from ionshift.core.job import launch
from ionshift.descriptors.registry import make_descriptor
from ionshift.learning.pca import Moments
from ionshift.solvation import environments
from ionshift.solvation.shells import finders_of


def main(snakemake, log):
    params = snakemake.params
    finders = finders_of(snakemake.input, params)
    descriptor = make_descriptor(whole(Descriptor, params.descriptor), params.elements)
    total = environments.count(finders, params.frame_stride)
    moments = Moments.empty(descriptor.n_features)
    for _, geometries in environments.in_chunks(finders, params.frame_stride, params.chunk_size):
        moments.add(descriptor.describe(geometries))
        log(f"{moments.n}/{total} environments")
    moments.save(snakemake.output.moments, descriptor.species)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
