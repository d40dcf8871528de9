"""ASE's effective medium theory of some metals, for tests and trials."""

from typing import Any

from ase.calculators.emt import EMT, parameters

from ionshift.config.potential import Calculator


def build(potential: Calculator, device: str) -> tuple[Any, list[str]]:
    """The calculator and the symbols that it knows; energies in eV, forces in eV/A."""
    return EMT(**potential.options), list(parameters)
