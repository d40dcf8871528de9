"""Pack a finished study into one file, results/{study}.tar.gz."""

from pathlib import Path

from ionshift.runs.archive import write_archive
from ionshift.studies import registry

BYTES_PER_MB = 1e6


def main(config: Path, trajectories: bool = False, descriptors: bool = False) -> None:
    """Write the archive and say how to draw from it."""
    study = registry.load(config)
    target = Path(f"results/{study.study}.tar.gz")
    packed = write_archive(study, target, trajectories, descriptors)
    size_MB = target.stat().st_size / BYTES_PER_MB
    print(f"{target}: {len(packed)} files, {size_MB:.1f} MB; in a clean clone of the project")
    print(f"ionshift unpack {target} && ionshift figures results/{study.study}/config.yaml")
