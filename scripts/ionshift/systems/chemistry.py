"""What clusters of an electrolyte are made of, as plain data: a rule's parameter."""

from collections import Counter

from ionshift.config.electrolyte import Electrolyte
from ionshift.systems.electrolyte import load_templates


def chemistry(settings: Electrolyte) -> dict:
    """The nucleus, and of each species its role, its charge in e and its numbers of atoms."""
    return {
        "nucleus": settings.nucleus,
        "species": {
            name: {
                "role": molecule.role,
                "charge": molecule.charge,
                "atoms": dict(sorted(Counter(molecule.elements).items())),
            }
            for name, molecule in load_templates(settings).items()
        },
    }
