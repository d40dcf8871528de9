"""Pack a finished study into one file, results/{study}.tar.gz."""

from pathlib import Path

from ionshift.runs.archive import write_archive
from ionshift.studies import registry


def main(config: Path, trajectories: bool = False) -> None:
    """Write the archive and say how to draw from it."""
    study = registry.load(config)
    target = f"results/{study.study}.tar.gz"
    packed = write_archive(study, target, trajectories)
    print(f"{target}: {len(packed)} files; unpack it over a clean copy of the project, then")
    print(f"ionshift figures results/{study.study}/config.yaml")
