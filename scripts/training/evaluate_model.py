"""How good the recipe is: committees of parts of the labels, measured on held-out groups."""

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.config.part import whole
from ionshift.core.files import write_tables
from ionshift.core.job import launch
from ionshift.learning import evaluation, training_data


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    settings, descriptor = whole(Model, params.model), whole(Descriptor, params.descriptor)
    data = training_data.read(files.labels, files.shell, descriptor, settings.group_ps)
    study = evaluation.study(data.features, data.shielding_ppm, data.groups, settings, log)
    log("\n" + study.metrics.to_string(index=False, float_format="%.3f"))
    parity = study.parity.join(data.table[["cluster_id", "system", "solvation_class"]])
    tables = {"metrics": study.metrics, "parity": parity, "learning_curve": study.learning_curve}
    write_tables(tables, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
