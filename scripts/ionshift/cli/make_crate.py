"""Write a finished run as a Workflow Run RO-Crate, results/{study}.crate.zip.

Usage: python scripts/ionshift/cli/make_crate.py CONFIG
"""

import sys

from ionshift.core.errors import InputError
from ionshift.runs.crate import write_crate
from ionshift.studies import registry


def main(path):
    try:
        study = registry.load(path)
        target = f"results/{study.study}.crate.zip"
        write_crate(study, target)
    except InputError as error:
        sys.exit(str(error))
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
