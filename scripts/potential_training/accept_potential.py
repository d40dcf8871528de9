"""Hand a potential over to MD if it passed its validation."""

import shutil

from ionshift.core.files import atomic_path, read_table
from ionshift.core.job import launch
from ionshift.potential_training.validation import require_passed


def main(snakemake, log):
    checks = read_table(snakemake.input.checks)
    failed = require_passed(checks, snakemake.params.override)
    log(f"overridden: {', '.join(failed)}" if failed else f"{len(checks)} checks passed")
    with atomic_path(snakemake.output.model) as path:
        shutil.copy(snakemake.input.model, path)


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
