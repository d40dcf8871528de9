"""Kinds of study, and how a configuration becomes one."""

from pathlib import Path

from pydantic import ValidationError

from ionshift.config.messages import explain, read_yaml
from ionshift.core.errors import InputError
from ionshift.studies.liquid_nmr import Study


def load(source):
    """Read and check a configuration.

    Parameters
    ----------
    source : path of a YAML file, or a mapping

    Raises
    ------
    InputError
        if the file cannot be read or any key is wrong; all mistakes are listed.
    """
    data = read_yaml(source) if isinstance(source, (str, Path)) else source
    if not isinstance(data, dict):
        raise InputError(f"configuration {source}: expected keys and values, found {data!r}")
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise InputError(explain(error, Study)) from None
