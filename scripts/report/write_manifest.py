"""Write the record of the run: configuration, versions, seeds, input hashes, commit."""

import json

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.runs.manifest import manifest
from ionshift.studies.registry import load


def main(snakemake, log):
    files = snakemake.input
    record = manifest(
        load(snakemake.params.study),
        files.files,
        dict(snakemake.params.seeds),
        [path for path in files.tables if path.endswith(".csv")],
    )
    with atomic_path(snakemake.output.manifest) as path:
        path.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
