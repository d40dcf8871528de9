"""Mean shifts with errors, spectra, speciation and coordination of every system."""

from ionshift.config.part import given
from ionshift.config.spectrum import Spectrum
from ionshift.core.files import read_table, write_tables
from ionshift.core.job import launch
from ionshift.core.tables import mean_molarity_M, read_by_system
from ionshift.nmr import spectrum
from ionshift.solvation import coordination


def main(snakemake, log):
    files, systems = snakemake.input, snakemake.params.systems
    settings = given(Spectrum, snakemake.params.spectrum)
    predictions = read_by_system(systems, files.predictions)
    members = dict(zip(systems, map(read_table, files.members), strict=True))
    molarity_M = mean_molarity_M(read_table(files.md))
    shifts = spectrum.shift_table(predictions, members, molarity_M, settings.n_blocks)
    log("\n" + shifts.to_string(index=False, float_format="%.3f"))
    tables = {
        "shifts": shifts,
        "spectra": spectrum.spectra_table(predictions, shifts, settings),
        "speciation": spectrum.speciation_table(
            predictions, members, molarity_M, settings.n_blocks
        ),
        "coordination": coordination.coordination_table(predictions, molarity_M, settings.n_blocks),
        "settling": coordination.settling_table(predictions, settings.n_blocks),
    }
    write_tables(tables, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
