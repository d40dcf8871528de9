"""What a callable of the user returns, for any other potential."""

import importlib
import importlib.util
import inspect
from pathlib import Path
from typing import Any

from ionshift.config.potential import Calculator
from ionshift.core.errors import InputError


def build(potential: Calculator, device: str) -> tuple[Any, list[str] | None]:
    """What a callable of the user returns; device and dtype are given if it has such arguments."""
    source, _, name = str(potential.model).rpartition(":")
    module = _module_from_file(source) if source.endswith(".py") else _imported(potential, source)
    factory = getattr(module, name, None)
    if not callable(factory):
        raise InputError(
            f"potential.model = '{potential.model}': {source} has no callable '{name}'; give "
            "package.module:name or path/to/file.py:name"
        )
    given = {"device": device, "dtype": potential.dtype}
    accepted = inspect.signature(factory).parameters
    arguments = {key: value for key, value in given.items() if key in accepted}
    calculator = factory(**arguments, **potential.options)
    if not hasattr(calculator, "get_potential_energy"):
        raise InputError(
            f"potential.model = '{potential.model}': it returned a {type(calculator).__name__}, "
            "not an ASE calculator"
        )
    return calculator, None


def _imported(potential, name):
    if not name:
        raise InputError(
            f"potential.model = '{potential.model}': no module is named; give package.module:name "
            "or path/to/file.py:name"
        )
    return importlib.import_module(name)


def _module_from_file(path):
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
