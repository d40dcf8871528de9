"""The species of an electrolyte, as a frame shows them: by their formula."""

from ase.symbols import Symbols

from ionshift.config.electrolyte import Electrolyte
from ionshift.core.errors import InputError
from ionshift.systems import electrolyte


def charges_by_formula(el: Electrolyte) -> dict[str, int]:
    """Charge in e of every species by its formula, as `ase.symbols` writes it.

    Raises
    ------
    InputError
        if two species of one formula have different charges.
    """
    charges: dict[str, int] = {}
    for name, molecule in electrolyte.load_templates(el).items():
        formula = Symbols.fromsymbols("".join(molecule.elements)).get_chemical_formula()
        if charges.setdefault(formula, molecule.charge) != molecule.charge:
            raise InputError(
                f"electrolyte.species.{name}: another species has the formula {formula} and "
                "another charge, so molecules of a frame cannot be told apart"
            )
    return charges
