"""Train the committee on the ok labels and measure it on held-out groups."""

import numpy as np
import pandas as pd

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.config.protocol import Protocol
from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.descriptors.registry import elements_of, make_descriptor
from ionshift.labels.sets import read_label_set, training_set
from ionshift.labels.store import protocol_hash
from ionshift.learning import committee as model_committee
from ionshift.learning import evaluation
from ionshift.solvation.shells import read_cutoff_A


def main(snakemake, log):
    params, output = snakemake.params, snakemake.output
    settings, descriptor = Model(**params.model), Descriptor(**params.descriptor)
    cutoff_A = read_cutoff_A(snakemake.input.shell)
    clusters, table = training_set(
        read_label_set(snakemake.input.labels), cutoff_A, settings.group_ps
    )
    shielding_ppm = table["shielding_ppm"].to_numpy()
    log(f"{len(table)} ok labels, spread {shielding_ppm.std(ddof=1):.3f} ppm")
    species = elements_of(clusters)
    features = make_descriptor(descriptor, species).describe(clusters)
    groups = table["group"].to_list()
    study = evaluation.study(features, shielding_ppm, groups, settings, log)
    log("\n" + study.metrics.to_string(index=False, float_format="%.3f"))
    committee = model_committee.train(features, shielding_ppm, groups, settings, log)
    committee.metadata |= {
        "species": species,
        "descriptor": descriptor.effective(),
        "cutoff_A": cutoff_A,
        "protocol_hash": protocol_hash(Protocol(**params.protocol)),
        "mean_shielding_ppm": float(np.mean(shielding_ppm)),
        "n_labels": len(table),
    }
    committee.save(output.model)
    parity = study.parity.join(table[["cluster_id", "system", "solvation_class"]])
    tables = {"metrics": study.metrics, "parity": parity, "learning_curve": study.learning_curve}
    for name, content in tables.items():
        with atomic_path(output[name]) as path:
            pd.DataFrame(content).to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
