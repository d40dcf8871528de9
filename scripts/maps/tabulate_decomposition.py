"""Change of the mean shift between systems, by class: other shares or other shifts within."""

from ionshift.config.map import Map
from ionshift.config.part import given
from ionshift.core.files import read_table, write_table
from ionshift.core.job import launch
from ionshift.core.tables import read_by_system
from ionshift.nmr.decomposition import decomposition_table


def main(snakemake, log):
    files, params = snakemake.input, snakemake.params
    predictions = read_by_system(params.systems, files.predictions)
    members = dict(zip(params.systems, map(read_table, files.members), strict=True))
    settings = given(Map, params.map)
    table = decomposition_table(
        predictions, members, params.n_blocks, settings.n_resamples, settings.seed
    )
    log("\n" + table.to_string(index=False, float_format="%.3f"))
    write_table(table, snakemake.output.decomposition)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
