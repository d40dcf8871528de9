"""Kinds of study: one entry each, and how a configuration becomes a study of its kind.

A kind is one module of this folder that defines `KIND`. Its configuration model, the checks of
its files and the stages of its workflow are found through that object alone.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ionshift.config.base import closest
from ionshift.config.messages import explain
from ionshift.config.reading import read_yaml
from ionshift.config.study import StudyBase
from ionshift.core.errors import InputError

KINDS = {"liquid_nmr": "ionshift.studies.liquid_nmr"}
"""Name of a kind to the module that defines its `KIND`."""
DEFAULT_KIND = "liquid_nmr"


@dataclass(frozen=True)
class Summary:
    """The first page of a kind of study.

    Attributes
    ----------
    module : dotted name of the module with `COLUMNS` (table to the columns that are shown of it)
        and `page(tables, settings, config)`, which gives a `summary_page.Page`
    tables : name of each table that a study has for it, to its path below results/{study}
    settings : what the page says of the configuration
    figures : names of the figures on it
    """

    module: str
    tables: Callable[[Any], dict[str, str]]
    settings: Callable[[Any], dict[str, Any]]
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of study.

    Attributes
    ----------
    study : configuration model: the blocks of such a study with the checks between them
    check : raises `InputError` if a file that a study names is missing or contradicts it
    before_run : the same for what is looked at before the first job alone, as it takes longer
    stages : rule files in workflow/rules, without suffix, that a study includes, in order
    input_files : files that a study's configuration names
    seeds : what is started with a seed of its own, to that seed
    notices : sentences about what is no mistake but should be known before a run
    summary : its first page
    """

    study: type[StudyBase]
    check: Callable[[Any], None]
    before_run: Callable[[Any], None]
    stages: Callable[[Any], list[str]]
    input_files: Callable[[Any], list[Path]]
    seeds: Callable[[Any], dict[str, int]]
    notices: Callable[[Any], list[str]]
    summary: Summary


def kind(name: str) -> Kind:
    """The kind with this name.

    Raises
    ------
    InputError
        if there is no such kind.
    """
    if not isinstance(name, str) or name not in KINDS:
        raise InputError(
            f"kind = {name!r}: no such kind of study{closest(str(name), KINDS)}; take "
            f"{', '.join(KINDS)}"
        )
    return importlib.import_module(KINDS[name]).KIND


def load(source: str | Path | dict) -> Any:
    """Read and check a configuration.

    Parameters
    ----------
    source : path of a YAML file, or a mapping

    Returns
    -------
    the study, of the model that its `kind` has

    Raises
    ------
    InputError
        if the file cannot be read or any key is wrong; all mistakes are listed.
    """
    data = read_yaml(source) if isinstance(source, (str, Path)) else source
    model = kind(data.get("kind", DEFAULT_KIND)).study
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(explain(error, model)) from None
