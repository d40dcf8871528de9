"""Train one member of the committee, or one point of the learning curve."""

import json
import shutil
from pathlib import Path

from ionshift.config.part import given, whole_or_none
from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialModel
from ionshift.core.files import atomic_path, write_table
from ionshift.core.job import launch
from ionshift.potential_training import frames, training


def main(snakemake, log):
    params, output = snakemake.params, snakemake.output
    labelled = training.labelled(frames.read(snakemake.input.frames))
    prior = whole_or_none(CoulombPrior, params.prior)
    model, epochs = training.train(
        training.without_prior(labelled, prior),
        given(PotentialModel, params.model),
        params.member,
        params.share,
        json.loads(Path(snakemake.input.atoms).read_text()),
        Path(params.work),
        snakemake.threads,
        log,
    )
    best = epochs.loc[epochs["loss"].idxmin()]
    log(f"{len(epochs)} epochs, the best: {best.to_dict()}")
    write_table(epochs.assign(model=snakemake.wildcards.run), output.epochs)
    with atomic_path(output.model) as path:
        shutil.copy(model, path)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
