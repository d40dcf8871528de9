"""Predict the shift of every nucleus in every analysed frame of one system."""

from pathlib import Path

from ionshift.config.descriptor import Descriptor
from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.learning.committee import Committee
from ionshift.learning.pca import Axes
from ionshift.nmr import inference
from ionshift.solvation.shells import open_finders, read_cutoff_A


def main(snakemake, log):
    params = snakemake.params
    electrolyte, shell = Electrolyte(**params.electrolyte), Shell(**params.shell)
    cutoff_A = read_cutoff_A(snakemake.input.shell)
    finders = open_finders(
        snakemake.input.topologies, snakemake.input.trajectories, electrolyte, shell, cutoff_A
    )
    predictor = inference.Predictor(
        Committee.load(Path(snakemake.input.model)),
        Descriptor(**params.descriptor),
        cutoff_A,
        Axes.load(snakemake.input.axes),
        params.reference_shielding_ppm,
    )
    with atomic_path(snakemake.output.predictions) as path:
        members = predictor.write(finders, params.frame_stride, params.chunk_size, path, log)
    with atomic_path(snakemake.output.members) as path:
        members.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
