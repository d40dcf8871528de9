"""Write a finished run as a Workflow Run RO-Crate, results/{study}.crate.zip."""

from pathlib import Path

from ionshift.runs.crate import write_crate
from ionshift.studies import registry


def main(path: Path) -> None:
    """Write the crate and print its path."""
    study = registry.load(path)
    target = f"results/{study.study}.crate.zip"
    write_crate(study, target)
    print(target)
