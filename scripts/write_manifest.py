"""Write the record of the run: configuration, versions, seeds, input hashes, commit."""

import json

from common import launch
from ionshift import provenance
from ionshift.config import load
from ionshift.files import atomic_path


def main(snakemake, log):
    files = snakemake.input
    record = provenance.manifest(
        load(snakemake.params.study),
        [*files.templates, files.forcefield, *files.shipped],
        dict(snakemake.params.seeds),
    )
    with atomic_path(snakemake.output.manifest) as path:
        path.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
