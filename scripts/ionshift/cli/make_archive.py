"""Pack a finished study into one file, results/{study}.tar.gz.

Usage: python scripts/ionshift/cli/make_archive.py CONFIG [--trajectories]
"""

import argparse
import sys

from ionshift.core.errors import InputError
from ionshift.runs.archive import write_archive
from ionshift.studies import registry


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("--trajectories", action="store_true")
    options = parser.parse_args()
    try:
        study = registry.load(options.config)
        target = f"results/{study.study}.tar.gz"
        packed = write_archive(study, target, options.trajectories)
    except InputError as error:
        sys.exit(str(error))
    print(f"{target}: {len(packed)} files; unpack it over a clean copy of the project, then")
    print(f"make redraw CONFIG=results/{study.study}/config.yaml")


if __name__ == "__main__":
    main()
