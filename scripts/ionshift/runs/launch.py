"""Run Snakemake under a lock that dies with the process.

Snakemake's own lock survives a `kill -9` and would stop the next run. This one is held by the
kernel, so a killed run can be started again with the same command. With a profile that submits
to SLURM the cluster is checked first, with conda environments where they are made.

Usage: python scripts/ionshift/runs/launch.py SNAKEMAKE_ARGUMENTS...
"""

import fcntl
import os
import sys
from pathlib import Path

from ionshift.core.errors import InputError
from ionshift.runs import conda as conda_preflight
from ionshift.runs import slurm as slurm_preflight


def main(arguments):
    os.set_inheritable(_lock(), True)
    profile = slurm_preflight.slurm_profile(arguments)
    try:
        conda_preflight.check(arguments)
        if profile is not None:
            slurm_preflight.check(profile)
            slurm_preflight.cancel_leftovers(profile)
    except InputError as error:
        sys.exit(f"ERROR {error}")
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", "--nolock", *arguments])


def _lock():
    folder = Path(".snakemake")
    try:
        folder.mkdir(exist_ok=True)
        handle = os.open(folder / "ionshift.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("Ionshift is already running in this folder; wait for that run to end, or stop it")
    except OSError as error:
        sys.exit(
            f"ERROR {folder.resolve()} cannot be written or locked ({error.strerror}); work in a "
            "folder of your own, on a file system with locks"
        )
    return handle


if __name__ == "__main__":
    main(sys.argv[1:])
