"""Conda before the first job: is it there, can it make environments where it is asked to?"""

import itertools
import os
import shutil
import tempfile
from pathlib import Path

from ionshift.errors import InputError

METHOD_FLAGS = ("--software-deployment-method", "--deployment-method", "--deployment", "--sdm")
PROGRAMS = ("conda", "mamba")
DEFAULT_PREFIX = Path(".snakemake/conda")


def wanted(arguments):
    """Whether Snakemake's `arguments` ask for conda environments."""
    if "--use-conda" in arguments:
        return True
    for flag in METHOD_FLAGS:
        if f"{flag}=conda" in arguments:
            return True
        if flag in arguments:
            values = itertools.takewhile(_is_value, arguments[arguments.index(flag) + 1 :])
            return "conda" in values
    return False


def _is_value(argument):
    return not argument.startswith("-")


def prefix(arguments):
    """Folder of the environments: `--conda-prefix`, its variable of the environment, or ours."""
    for flag, value in itertools.pairwise(arguments):
        if flag == "--conda-prefix":
            return Path(os.path.expandvars(value)).expanduser()
    for argument in arguments:
        if argument.startswith("--conda-prefix="):
            return Path(os.path.expandvars(argument.partition("=")[2])).expanduser()
    return Path(os.environ.get("SNAKEMAKE_CONDA_PREFIX", DEFAULT_PREFIX))


def check(arguments):
    """Raise `InputError` if environments are wanted and cannot be made."""
    if not wanted(arguments):
        return
    if not any(map(shutil.which, PROGRAMS)):
        raise InputError(
            "conda environments are asked for, but neither conda nor mamba is on PATH; install "
            "Miniforge or load the cluster's module, or leave out SDM= to run in .venv"
        )
    folder = prefix(arguments)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(
            f"--conda-prefix '{folder}': environments cannot be made there ({error.strerror}); "
            "name a folder that you can write and that all nodes see"
        ) from None
