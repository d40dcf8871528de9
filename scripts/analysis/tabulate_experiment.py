"""The measured series of shifts as changes against its lowest concentration; empty without one."""

import pandas as pd

from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.nmr import experiment


def main(snakemake, log):
    source = snakemake.input.experiment
    series = experiment.read_series(source) if source else pd.DataFrame(columns=experiment.COLUMNS)
    log(f"{len(series)} measured concentrations")
    write_table(series, snakemake.output.experiment)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
