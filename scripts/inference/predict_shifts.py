"""Predict the shift of every nucleus in every analysed frame of one system."""

from pathlib import Path

from ionshift.config.descriptor import Descriptor
from ionshift.config.part import whole
from ionshift.core.files import atomic_path, write_table
from ionshift.core.job import launch
from ionshift.learning.committee import Committee
from ionshift.learning.pca import Axes
from ionshift.nmr import inference
from ionshift.solvation.shells import finders_of, read_cutoff_A


def main(snakemake, log):
    params = snakemake.params
    finders = finders_of(snakemake.input, params)
    predictor = inference.Predictor(
        Committee.load(Path(snakemake.input.model)),
        whole(Descriptor, params.descriptor),
        read_cutoff_A(snakemake.input.shell),
        Axes.load(snakemake.input.axes),
        params.reference_shielding_ppm,
    )
    with atomic_path(snakemake.output.predictions) as path:
        members = predictor.write(finders, params.frame_stride, params.chunk_size, path, log)
    write_table(members, snakemake.output.members)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
