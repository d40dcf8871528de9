"""The environments that the map draws: a sample of every system."""

from ionshift.config.map import Map
from ionshift.config.part import given
from ionshift.core.files import write_table
from ionshift.core.job import launch
from ionshift.core.tables import read_by_system
from ionshift.learning.pca_map import map_table


def main(snakemake, log):
    params = snakemake.params
    predictions = read_by_system(params.systems, snakemake.input.predictions)
    settings = given(Map, params.map)
    table = map_table(predictions, settings.n_points, settings.seed)
    log(f"{len(table)} of {sum(map(len, predictions.values()))} environments")
    write_table(table, snakemake.output.map)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
