"""Principal axes of the descriptors of all environments of all systems."""

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.learning.pca import Axes, Moments
from ionshift.learning.pca_map import variance_table


def main(snakemake, log):
    first, *others = snakemake.input.moments
    moments, species = Moments.load(first)
    for path in others:
        moments.join(Moments.load(path)[0])
    axes = Axes.of(moments, species, snakemake.params.n_axes)
    variance = variance_table(axes)
    log(f"{moments.n} environments\n" + variance.to_string(index=False, float_format="%.4f"))
    axes.save(snakemake.output.axes)
    write_table(variance, snakemake.output.variance)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
