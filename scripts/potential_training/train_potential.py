"""Train one member of the committee, or one point of the learning curve."""

import json
import shutil
from pathlib import Path

from ionshift.config.potential import CoulombPrior
from ionshift.config.potential_training import PotentialModel
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.potential_training import frames, training


def main(snakemake, log):
    params, output = snakemake.params, snakemake.output
    labelled = training.labelled(frames.read(snakemake.input.frames))
    prior = CoulombPrior(**params.prior) if params.prior else None
    model, epochs = training.train(
        training.without_prior(labelled, prior),
        PotentialModel(**params.model),
        params.member,
        params.share,
        json.loads(Path(snakemake.input.atoms).read_text()),
        Path(params.work),
        snakemake.threads,
        log,
    )
    best = epochs.loc[epochs["loss"].idxmin()]
    log(f"{len(epochs)} epochs, the best: {best.to_dict()}")
    with atomic_path(output.epochs) as path:
        epochs.assign(model=snakemake.wildcards.run).to_csv(path, index=False)
    with atomic_path(output.model) as path:
        shutil.copy(model, path)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
