"""SevenNet: a checkpoint."""

import importlib
from typing import Any

from ase.data import chemical_symbols

from ionshift.config.potential import Calculator


def build(potential: Calculator, device: str) -> tuple[Any, list[str]]:
    """The calculator and the symbols that it knows; energies in eV, forces in eV/A."""
    module = importlib.import_module("sevenn.calculator")
    calculator = module.SevenNetCalculator(potential.model, device=device, **potential.options)
    return calculator, [chemical_symbols[z] for z in calculator.type_map]
