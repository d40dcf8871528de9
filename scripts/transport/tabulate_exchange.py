"""Shift autocorrelation, regime of exchange, Kubo's lines and checks of the mean's error."""

from ionshift.config.part import given
from ionshift.config.spectrum import Spectrum
from ionshift.core.files import write_tables
from ionshift.core.job import launch
from ionshift.core.tables import read_by_system
from ionshift.nmr import exchange


def main(snakemake, log):
    params = snakemake.params
    spectrum = given(Spectrum, params.spectrum)
    predictions = read_by_system(params.systems, snakemake.input.predictions)
    paths = {system: exchange.read_paths(table) for system, table in predictions.items()}
    found = {
        system: exchange.shift_autocorrelation(one, params.max_lag_share)
        for system, one in paths.items()
    }
    regimes = exchange.exchange_table(paths, found, spectrum.larmor_MHz, spectrum.t2_s)
    log("\n" + regimes.T.to_string(header=False))
    tables = {
        "autocorrelation": exchange.autocorrelation_table(found),
        "exchange": regimes,
        "lines": exchange.line_table(paths, regimes, spectrum),
        "mean_error": exchange.mean_error_table(predictions, paths, spectrum.n_blocks),
    }
    write_tables(tables, snakemake.output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
