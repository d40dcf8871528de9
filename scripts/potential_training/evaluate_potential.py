"""Errors of the committee and of the learning curve on held-out frames."""

import pandas as pd

from ionshift.config.part import given, whole_or_none
from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialModel
from ionshift.core.files import read_table, write_tables
from ionshift.core.job import launch
from ionshift.potential_training import evaluation, frames, training
from ionshift.potentials import calculators


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    settings = given(PotentialModel, params.model)
    prior = whole_or_none(CoulombPrior, params.prior)
    labelled = training.labelled(frames.read(files.frames))
    parts = training.split(labelled, settings)
    predictions = {}
    for name, model in zip(params.runs, files.models, strict=True):
        calculator = calculators.of_model(settings, model, prior, params.elements)
        predictions[name] = evaluation.predict(calculator, labelled)
        log(f"{name}: {len(labelled)} frames")
    members = [predictions[name] for name in params.runs if name.startswith("member")]
    committee = evaluation.committee_of(members)
    table = evaluation.metrics(labelled, parts, predictions | {evaluation.COMMITTEE: committee})
    log("\n" + table[table["part"] == "test"].to_string(index=False, float_format="%.2f"))
    n_train = {
        name: len(training.split(labelled, settings, member, share)["train"])
        for name, (member, share) in params.runs.items()
    }
    tables = {
        "metrics": table,
        "parity": evaluation.parity(labelled, parts, committee),
        "learning_curve": evaluation.learning_curve(table, n_train),
        "epochs": pd.concat([read_table(path) for path in files.epochs]),
    }
    write_tables(tables, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
