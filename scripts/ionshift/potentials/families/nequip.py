"""NequIP and Allegro: a model that nequip-compile has written."""

import importlib
from typing import Any

from ionshift.config.potential import Calculator


def build(potential: Calculator, device: str) -> tuple[Any, list[str] | None]:
    """The calculator; the model does not say which symbols it knows."""
    module = importlib.import_module("nequip.integrations.ase")
    calculator = module.NequIPCalculator.from_compiled_model(
        potential.model,
        device=device,
        **{"chemical_species_to_atom_type_map": True, **potential.options},
    )
    return calculator, None
