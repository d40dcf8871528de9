"""Write the record of the run: configuration, versions, seeds, hashes of files, commit."""

import json
from pathlib import Path

from ionshift.core.files import atomic_path
from ionshift.core.job import launch
from ionshift.runs.manifest import manifest
from ionshift.studies.registry import load


def main(snakemake, log):
    record = manifest(
        load(snakemake.params.study),
        snakemake.input.files,
        dict(snakemake.params.seeds),
        Path(snakemake.output.manifest).parent,
    )
    with atomic_path(snakemake.output.manifest) as path:
        path.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
