"""Write the interactive map of all systems as one HTML file."""

import ase.io

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.figures.page import page


def main(snakemake, log):
    clusters = [atoms for path in snakemake.input.clusters for atoms in ase.io.read(path, ":")]
    log(f"{len(clusters)} clusters")
    with atomic_path(snakemake.output.page) as path:
        path.write_text(page(clusters, snakemake.params.study))


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
