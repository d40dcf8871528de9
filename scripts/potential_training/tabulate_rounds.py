"""Errors of every round's committee, and what its MD met."""

import pandas as pd

from ionshift.config.part import given, whole_or_none
from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialExploration, PotentialModel
from ionshift.core.files import read_table, write_tables
from ionshift.core.job import launch
from ionshift.potential_training import evaluation, exploration, frames, training
from ionshift.potentials import calculators


def main(snakemake, log):
    files, params, output = snakemake.input, snakemake.params, snakemake.output
    model, prior = given(PotentialModel, params.model), whole_or_none(CoulombPrior, params.prior)
    labelled = training.labelled(frames.read(files.frames))
    parts = training.split(labelled, model)
    committees = []
    for number, models in enumerate(params.models_of_rounds):
        members = [calculators.of_model(model, path, prior, params.elements) for path in models]
        committees.append(
            evaluation.committee_of([evaluation.predict(one, labelled) for one in members])
        )
        log(f"round {number}: {len(members)} members on {len(labelled)} frames")
    errors = evaluation.errors_by_round(labelled, parts, committees)
    met = pd.concat([read_table(path) for path in files.met], ignore_index=True)
    reached = exploration.summary(met, given(PotentialExploration, params.exploration))
    log("\n" + errors.to_string(index=False, float_format="%.2f"))
    log("\n" + reached.to_string(index=False, float_format="%.3g"))
    write_tables({"errors": errors, "reached": reached, "met": met}, output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
