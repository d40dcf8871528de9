"""CHGNet: a checkpoint."""

import importlib
from typing import Any

from ase.data import chemical_symbols

from ionshift.config.potential import Calculator

HEAVIEST = 94


def build(potential: Calculator, device: str) -> tuple[Any, list[str]]:
    """The calculator and the symbols that it knows; energies in eV, forces in eV/A."""
    dynamics = importlib.import_module("chgnet.model.dynamics")
    model = importlib.import_module("chgnet.model.model").CHGNet.from_file(potential.model)
    calculator = dynamics.CHGNetCalculator(model=model, use_device=device, **potential.options)
    return calculator, chemical_symbols[1 : HEAVIEST + 1]
