"""Mean and co-moment of the descriptors of every analysed environment of one system."""

from common import launch
from ionshift import environments
from ionshift.config import Descriptor, Electrolyte, Shell
from ionshift.descriptor import Lmbtr
from ionshift.pca import Moments
from ionshift.solvation import read_cutoff_A


def main(snakemake, log):
    params = snakemake.params
    finders = environments.open_finders(
        snakemake.input.topologies,
        snakemake.input.trajectories,
        Electrolyte(**params.electrolyte),
        Shell(**params.shell),
        read_cutoff_A(snakemake.input.shell),
    )
    lmbtr = Lmbtr(Descriptor(**params.descriptor), params.elements)
    total = environments.count(finders, params.frame_stride)
    moments = Moments.empty(lmbtr.n_features)
    for _, clusters in environments.in_chunks(finders, params.frame_stride, params.chunk_size):
        moments.add(lmbtr.describe(clusters))
        log(f"{moments.n}/{total} environments")
    moments.save(snakemake.output.moments, lmbtr.species)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
