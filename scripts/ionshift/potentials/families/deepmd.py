"""DeePMD-kit: a frozen model."""

import importlib
import os
from typing import Any

from ionshift.config.potential import Calculator


def build(potential: Calculator, device: str) -> tuple[Any, list[str]]:
    """The calculator and the symbols that it knows; energies in eV, forces in eV/A."""
    os.environ["DEVICE"] = device  # DeePMD-kit has no argument for it
    module = importlib.import_module("deepmd.calculator")
    calculator = module.DP(model=potential.model, **potential.options)
    return calculator, list(calculator.dp.get_type_map())
