"""Choose frames of classical MD for a potential to learn."""

from ionshift.config.part import whole
from ionshift.config.potential_training import PotentialFrames
from ionshift.core.job import launch
from ionshift.core.provenance import derive_seed
from ionshift.potential_training import frames
from ionshift.trajectories.trajectory import open_all


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    settings = whole(PotentialFrames, params.frames)
    trajectories = open_all(files.topologies, files.trajectories, files.summaries)
    box = snakemake.wildcards.box
    seed = derive_seed(settings.seed, "frames", box)
    chosen = frames.choose(trajectories, box, settings, params.group_ps, seed)
    log(f"{len(chosen)} frames of {len(chosen[0])} atoms, {settings.n_distorted} of them distorted")
    frames.write(snakemake.output.frames, chosen)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
