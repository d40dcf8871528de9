"""Choose the frames of a round's MD that the potential has most to learn from."""

from ionshift.config.part import given
from ionshift.config.potential_training import PotentialExploration
from ionshift.core.files import read_table
from ionshift.core.job import launch
from ionshift.potential_training import exploration, frames


def main(snakemake, log):
    settings = given(PotentialExploration, snakemake.params.exploration)
    met = read_table(snakemake.input.met)
    chosen = exploration.candidates(frames.read(snakemake.input.frames), met, settings)
    log(f"{len(chosen)} of {len(met)} frames are to be labelled")
    frames.write(snakemake.output.frames, chosen)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
