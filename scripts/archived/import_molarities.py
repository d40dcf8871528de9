"""Take the molarities of an archived study over, checked."""

from pathlib import Path

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.runs.archived import read_molarities


def main(snakemake, log):
    table = read_molarities(Path(snakemake.input.md), snakemake.params.systems)
    log("\n" + table[["system", "molarity_M"]].to_string(index=False))
    with atomic_path(snakemake.output.md) as path:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
