"""Tight binding of the xTB family (tblite)."""

import importlib
from typing import Any

from ase.data import chemical_symbols

from ionshift.config.potential import Calculator
from ionshift.config.registries.calculators import FAMILIES

HEAVIEST = 86


def build(potential: Calculator, device: str) -> tuple[Any, list[str]]:
    """The calculator and the symbols that it knows; energies in eV, forces in eV/A."""
    module = importlib.import_module("tblite.ase")
    method = potential.model or FAMILIES.get("tblite").methods[0]
    calculator = module.TBLite(method=method, **{"verbosity": 0, **potential.options})
    return calculator, chemical_symbols[1 : HEAVIEST + 1]
