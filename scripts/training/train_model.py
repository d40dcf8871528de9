"""Train the committee on the ok labels."""

import numpy as np

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.config.part import whole
from ionshift.config.protocol import Protocol
from ionshift.core.job import launch
from ionshift.descriptors.settings import effective
from ionshift.labels.store import protocol_hash
from ionshift.learning import committee as model_committee
from ionshift.learning import training_data


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    settings, descriptor = whole(Model, params.model), whole(Descriptor, params.descriptor)
    data = training_data.read(files.labels, files.shell, descriptor, settings.group_ps)
    shielding_ppm = data.shielding_ppm
    log(f"{len(shielding_ppm)} ok labels, spread {shielding_ppm.std(ddof=1):.3f} ppm")
    committee = model_committee.train(data.features, shielding_ppm, data.groups, settings, log)
    committee.metadata |= {
        "species": data.species,
        "motifs": data.motifs,
        "descriptor": effective(descriptor),
        "cutoff_A": data.cutoff_A,
        "protocol_hash": protocol_hash(whole(Protocol, params.protocol)),
        "mean_shielding_ppm": float(np.mean(shielding_ppm)),
        "n_labels": len(shielding_ppm),
    }
    committee.save(snakemake.output.model)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
