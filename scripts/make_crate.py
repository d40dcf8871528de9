"""Write a finished run as a Workflow Run RO-Crate, results/{study}.crate.zip.

Usage: python scripts/make_crate.py CONFIG
"""

import sys

from ionshift import config
from ionshift.crate import write_crate
from ionshift.errors import InputError


def main(path):
    try:
        study = config.load(path)
        target = f"results/{study.study}.crate.zip"
        write_crate(study, target)
    except InputError as error:
        sys.exit(str(error))
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
