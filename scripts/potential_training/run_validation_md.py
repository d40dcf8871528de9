"""MD of a training box with the candidate potential, compared with its classical MD."""

import json
from pathlib import Path

from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.md import PotentialMD, TrainingMD
from ionshift.config.part import given, whole_or_none
from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialModel, PotentialValidation
from ionshift.config.shell import Shell
from ionshift.core.files import write_tables
from ionshift.core.job import launch
from ionshift.potential_training import liquid
from ionshift.potentials import calculators
from ionshift.trajectories.trajectory import Trajectory


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    electrolyte, shell = given(Electrolyte, params.electrolyte), given(Shell, params.shell)
    settings = given(PotentialValidation, params.validation)
    classical = liquid.Liquid(
        Trajectory(files.topology[0], files.trajectory[0], files.summary[0]),
        json.loads(Path(files.summary[0]).read_text())["density_g_cm3"],
    )
    found = liquid.run(
        calculators.potential_of_model(
            given(PotentialModel, params.model),
            files.model,
            whole_or_none(CoulombPrior, params.prior),
        ),
        electrolyte,
        given(System, params.system),
        given(TrainingMD, params.md | {"platform": snakemake.resources.platform}),
        settings,
        (files.packed[0], params.folder, params.seed),
        given(PotentialMD, params.potential_md),
        threads=snakemake.threads,
        log=log,
    )
    tables = liquid.compare(found, classical, electrolyte, shell, settings)
    log("\n" + tables["checks"].to_string(index=False, float_format="%.4g"))
    write_tables(tables, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
