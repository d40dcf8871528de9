"""Conda before the first job: is it there, can it make environments where it is asked to?"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ionshift.core.errors import InputError

METHOD_FLAGS = ("--software-deployment-method", "--deployment-method", "--deployment", "--sdm")
PROGRAMS = ("conda", "mamba")
DEFAULT_PREFIX = ".snakemake/conda"


def _parsed(arguments):
    """Of Snakemake's `arguments` those that concern conda."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(*METHOD_FLAGS, dest="methods", nargs="+", default=[])
    parser.add_argument("--use-conda", action="store_true")
    default = os.environ.get("SNAKEMAKE_CONDA_PREFIX", DEFAULT_PREFIX)
    parser.add_argument("--conda-prefix", default=default)
    return parser.parse_known_args(arguments)[0]


def wanted(arguments: Sequence[str]) -> bool:
    """Whether Snakemake's `arguments` ask for conda environments."""
    parsed = _parsed(arguments)
    return parsed.use_conda or "conda" in parsed.methods


def prefix(arguments: Sequence[str]) -> Path:
    """Folder of the environments: `--conda-prefix`, its variable of the environment, or ours."""
    return Path(os.path.expandvars(_parsed(arguments).conda_prefix)).expanduser()


def check(arguments: Sequence[str]) -> None:
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
