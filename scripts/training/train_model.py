"""Train the committee on the ok labels and measure it on held-out groups."""

import numpy as np

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.config.part import whole
from ionshift.config.protocol import Protocol
from ionshift.core.files import write_tables
from ionshift.core.job import launch
from ionshift.descriptors.registry import elements_of, make_descriptor
from ionshift.descriptors.settings import effective
from ionshift.labels.sets import read_label_set
from ionshift.labels.store import protocol_hash
from ionshift.labels.training_set import training_set
from ionshift.learning import committee as model_committee
from ionshift.learning import evaluation
from ionshift.solvation.shells import read_cutoff_A


def main(snakemake, log):
    params, output = snakemake.params, snakemake.output
    settings, descriptor = whole(Model, params.model), whole(Descriptor, params.descriptor)
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
        "descriptor": effective(descriptor),
        "cutoff_A": cutoff_A,
        "protocol_hash": protocol_hash(whole(Protocol, params.protocol)),
        "mean_shielding_ppm": float(np.mean(shielding_ppm)),
        "n_labels": len(table),
    }
    committee.save(output.model)
    parity = study.parity.join(table[["cluster_id", "system", "solvation_class"]])
    tables = {"metrics": study.metrics, "parity": parity, "learning_curve": study.learning_curve}
    write_tables(tables, output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
