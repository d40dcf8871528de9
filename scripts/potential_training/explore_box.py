"""MD of a training box with the last round's potential, and where its members disagree."""

from pathlib import Path

from ionshift.config.part import given, whole_or_none
from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialExploration, PotentialModel
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.core.provenance import derive_seed
from ionshift.potential_training import evaluation, exploration, frames
from ionshift.potentials import calculators
from ionshift.trajectories.trajectory import Trajectory


def main(snakemake, log):
    files, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    settings = given(PotentialExploration, params.exploration)
    model, prior = given(PotentialModel, params.model), whole_or_none(CoulombPrior, params.prior)
    number = int(wildcards.round)
    replica = (number - 1) % len(files.trajectories)
    trajectory = Trajectory(
        files.topologies[replica], files.trajectories[replica], files.summaries[replica]
    )
    start = frames.from_md(trajectory, wildcards.box, replica, len(trajectory) - 1)
    members = [calculators.of_model(model, path, prior, params.elements) for path in files.models]
    seed = derive_seed(settings.seed, "explore", wildcards.box, number)
    visited = exploration.explore(members[0], start, settings, seed, Path(params.work), log)
    predictions = [evaluation.predict(member, visited) for member in members]
    met = exploration.table(exploration.deviations(predictions), settings, wildcards.box, number)
    spread = met["deviation_eV_A"]
    log(f"{len(met)} frames, largest force deviation {spread.min():.3f} to {spread.max():.3f} eV/A")
    frames.write(snakemake.output.frames, visited)
    write_table(met, snakemake.output.met)
    Path(params.work).unlink(missing_ok=True)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
