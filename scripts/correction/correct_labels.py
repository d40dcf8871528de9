"""Correct all labels by the clusters that have one of a higher-level protocol as well."""

import ase.io

from ionshift.config.part import whole
from ionshift.config.protocol import Protocol
from ionshift.core.files import atomic_path, write_tables
from ionshift.core.job import launch
from ionshift.labels import correction, sets
from ionshift.labels.table import read_labels


def main(snakemake, log):
    files, output = snakemake.input, snakemake.output
    table = read_labels(files.table)
    references = [
        atoms
        for path in files.references
        for atoms in sets.read_label_set(path, snakemake.params.chemistry)
    ]
    pairs = correction.find_pairs(references, table, whole(Protocol, snakemake.params.protocol))
    line = correction.fit(pairs)
    clusters = sets.read_label_set(files.clusters)
    found = correction.summary(pairs, line, correction.computed_ppm(clusters))
    log("\n" + found.to_string(index=False, float_format="%.4f"))
    clusters = correction.corrected(clusters, line)
    with atomic_path(output.clusters) as path:
        ase.io.write(path, clusters, format="extxyz")
    pairs = pairs.assign(corrected_ppm=line(pairs["shielding_ppm"]))
    write_tables({"summary": found, "pairs": pairs}, output)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
