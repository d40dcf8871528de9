"""MACE: a .model file of mace_run_train."""

import importlib
from pathlib import Path
from typing import Any

from ase.data import chemical_symbols

from ionshift.config.potential import Calculator


def build(potential: Calculator, device: str) -> tuple[Any, list[str]]:
    """The calculator and the symbols that it knows; energies in eV, forces in eV/A."""
    module = importlib.import_module("mace.calculators")
    calculator = module.MACECalculator(
        model_paths=Path(str(potential.model)),
        device=device,
        default_dtype=potential.dtype,
        **potential.options,
    )
    return calculator, [chemical_symbols[z] for z in calculator.z_table.zs]
