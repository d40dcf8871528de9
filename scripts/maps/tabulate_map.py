"""The environments that the map draws: a sample of every system."""

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.core.tables import read_by_system
from ionshift.learning.pca_map import map_table


def main(snakemake, log):
    params = snakemake.params
    predictions = read_by_system(params.systems, snakemake.input.predictions)
    table = map_table(predictions, params.map["n_points"], params.map["seed"])
    log(f"{len(table)} of {sum(map(len, predictions.values()))} environments")
    with atomic_path(snakemake.output.map) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
