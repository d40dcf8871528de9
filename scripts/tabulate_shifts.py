"""Mean shifts with errors, spectra, speciation and coordination of every system."""

import pandas as pd

from common import launch
from ionshift import spectrum
from ionshift.config import Spectrum
from ionshift.files import atomic_path


def main(snakemake, log):
    settings = Spectrum(**snakemake.params.spectrum)
    systems = snakemake.params.systems
    predictions = {
        system: pd.read_parquet(path)
        for system, path in zip(systems, snakemake.input.predictions, strict=True)
    }
    members = {
        system: pd.read_csv(path)["shift_ppm"].to_numpy()
        for system, path in zip(systems, snakemake.input.members, strict=True)
    }
    md = pd.read_csv(snakemake.input.md)
    molarity_M = md.groupby("system")["molarity_M"].mean().to_dict()
    shifts = spectrum.shift_table(predictions, members, molarity_M, settings.n_blocks)
    log("\n" + shifts.to_string(index=False, float_format="%.3f"))
    tables = {
        "shifts": shifts,
        "spectra": spectrum.spectra_table(predictions, shifts, settings),
        "speciation": spectrum.speciation_table(predictions, molarity_M, settings.n_blocks),
        "coordination": spectrum.coordination_table(predictions, molarity_M, settings.n_blocks),
    }
    for name, table in tables.items():
        with atomic_path(snakemake.output[name]) as path:
            table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
