"""Run Snakemake under a lock that dies with the process.

Snakemake's own lock survives a `kill -9` and would stop the next run. This one is held by the
kernel, so a killed run can be started again with the same command.

Usage: python scripts/run_workflow.py SNAKEMAKE_ARGUMENTS...
"""

import fcntl
import os
import sys
from pathlib import Path


def main(arguments):
    folder = Path(".snakemake")
    folder.mkdir(exist_ok=True)
    handle = os.open(folder / "ionshift.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("Ionshift is already running in this folder; wait for that run to end, or stop it")
    os.set_inheritable(handle, True)
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", "--nolock", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
