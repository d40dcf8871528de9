"""Structure and mean shielding of the liquids of potential and force field, side by side."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from ionshift.config.part import given
from ionshift.config.shell import Shell
from ionshift.core.files import read_table, write_table
from ionshift.core.job import launch
from ionshift.potential_training.comparison import SOURCES, liquid_table, shielding_histograms
from ionshift.solvation.shells import read_cutoff_A


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    shell = given(Shell, params.shell), read_cutoff_A(files.shell)
    densities = {
        name: densities_g_cm3(files[f"{name}_summaries"], params.systems) for name in SOURCES
    }
    parts, rdfs, histograms = [], [], []
    for number, system in enumerate(params.systems):
        found = {
            name: {
                "rdf": read_table(files[f"{name}_rdf"][number]),
                "predictions": read_table(files[f"{name}_predictions"][number]),
                "members": read_table(files[f"{name}_members"][number]),
                "density": densities[name][number],
            }
            for name in SOURCES
        }
        by_kind = [
            {name: found[name][kind] for name in SOURCES}
            for kind in ("density", "rdf", "predictions", "members")
        ]
        rdfs += [one["rdf"].assign(source=name) for name, one in found.items()]
        histograms.append(
            shielding_histograms(system, {name: one["predictions"] for name, one in found.items()})
        )
        parts.append(liquid_table(system, *by_kind, shell, params.n_blocks))
    table = pd.concat(parts, ignore_index=True)
    log("\n" + table.to_string(index=False, float_format="%.3f"))
    write_table(table, snakemake.output.table)
    write_table(pd.concat(rdfs, ignore_index=True), snakemake.output.rdf)
    write_table(pd.concat(histograms, ignore_index=True), snakemake.output.shieldings)


def densities_g_cm3(summaries, systems):
    """Mean over the replicas of every system, whose files stand side by side."""
    found = [json.loads(Path(path).read_text())["density_g_cm3"] for path in summaries]
    return np.reshape(found, (len(systems), -1)).mean(axis=1)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
