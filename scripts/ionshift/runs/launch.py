"""Run Snakemake under a lock that dies with the process.

Snakemake's own lock survives a `kill -9` and would stop the next run. This one is held by the
kernel, so a killed run can be started again with the same command. With a profile that submits
to SLURM the cluster is checked first, with conda environments where they are made.
"""

import fcntl
import os
import sys
from pathlib import Path

from ionshift.core.errors import InputError
from ionshift.runs import conda as conda_preflight
from ionshift.runs import slurm as slurm_preflight


def main(arguments: list[str]) -> None:
    """Become Snakemake with these arguments.

    Raises
    ------
    InputError
        if the cluster or conda cannot do what the arguments ask for.
    """
    os.set_inheritable(_lock(), True)
    profile = slurm_preflight.slurm_profile(arguments)
    conda_preflight.check(arguments)
    if profile is not None:
        slurm_preflight.check(profile)
        slurm_preflight.cancel_leftovers(profile)
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", "--nolock", *arguments])


def _lock():
    folder = Path(".snakemake")
    try:
        folder.mkdir(exist_ok=True)
        handle = os.open(folder / "ionshift.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            "Ionshift is already running in this folder; wait for that run to end, or stop it"
        ) from None
    except OSError as error:
        raise InputError(
            f"{folder.resolve()} cannot be written or locked ({error.strerror}); work in a "
            "folder of your own, on a file system with locks"
        ) from None
    return handle
