"""Measure what a potential must pass before its MD is used: errors, NVE run, repulsion."""

import pandas as pd

from ionshift.config.part import given, whole_or_none
from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialModel, PotentialValidation
from ionshift.core.files import read_table, write_tables
from ionshift.core.job import launch
from ionshift.potential_training import frames, training, validation
from ionshift.potentials import calculators
from ionshift.potentials.coulomb import with_prior


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    settings = given(PotentialValidation, params.validation)
    model = given(PotentialModel, params.model)
    labelled = training.labelled(frames.read(files.frames))
    # The scan adds the prior of two charges alone, so the calculator comes without it.
    calculator = calculators.of_model(model, files.model, None, params.elements)
    prior = whole_or_none(CoulombPrior, params.prior)
    start, lengths_A = validation.start_of_run(labelled, training.split(labelled, model)["test"])
    nve = validation.run_nve(with_prior(calculator, prior), start, lengths_A, settings)
    scan = validation.scan_repulsion(calculator, params.elements, settings, prior)
    metrics = read_table(files.metrics)
    used = metrics[(metrics["part"] == "test") & (metrics["model"] == params.run)]
    checks = validation.checks(used, nve, scan, settings)
    checks = pd.concat([checks, *map(read_table, files.liquid)], ignore_index=True)
    log("\n" + checks.to_string(index=False, float_format="%.4g"))
    write_tables({"checks": checks, "nve": nve, "scan": scan}, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
