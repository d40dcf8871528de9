"""Fix the first-shell cut-off: the configured one, or the first minimum of the g(r)."""

import json

from ionshift.core.files import atomic_path, read_table
from ionshift.core.job import launch
from ionshift.solvation.shells import first_minimum_A


def main(snakemake, log):
    measured_A = first_minimum_A(read_table(snakemake.input.rdf))
    configured_A = snakemake.params.cutoff_A
    cutoff_A = round(measured_A, 2) if configured_A is None else configured_A
    log(f"first minimum of g(r) in {snakemake.params.system} at {measured_A:.2f} A")
    log(f"first-shell cut-off {cutoff_A:.2f} A")
    with atomic_path(snakemake.output.shell) as path:
        content = {
            "cutoff_A": cutoff_A,
            "first_minimum_A": measured_A,
            "source": "measured" if configured_A is None else "shell.cutoff_A",
            "system": snakemake.params.system,
        }
        path.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    launch(main, snakemake)  # noqa: F821
