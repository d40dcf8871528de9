"""Density and molarity reached, speed and stages of every MD replica."""

import json

import pandas as pd

from ionshift.core.files import read_table, write_table
from ionshift.core.job import launch
from ionshift.core.tables import thermo_over_stages, thin


def main(snakemake, log):
    summaries, thermo = [], []
    replicas = zip(
        snakemake.params.replicas, snakemake.input.summaries, snakemake.input.thermo, strict=True
    )
    for (system, replica), summary, path in replicas:
        with open(summary) as handle:
            content = json.load(handle)
        row = {"system": system, "replica": replica}
        summaries.append(row | {k: v for k, v in content.items() if not isinstance(v, list | dict)})
        stages = thin(thermo_over_stages(read_table(path)), snakemake.params.max_rows)
        thermo.append(stages.assign(system=system, replica=replica))
    table = pd.DataFrame(summaries)
    log("\n" + table[["system", "replica", "density_g_cm3", "molarity_M"]].to_string(index=False))
    write_table(table, snakemake.output.md)
    write_table(pd.concat(thermo, ignore_index=True), snakemake.output.thermo)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
