"""The longest time step that bonds to hydrogen bear."""

import math
from collections.abc import Collection

from ionshift.config.md import PotentialMD
from ionshift.core.errors import InputError

LONGEST_FS = 1.0
"""With hydrogen of its own mass: a tenth of the period of an O-H or C-H vibration."""
HYDROGEN_AMU = 1.008


def check_timestep(potential_md: PotentialMD, elements: Collection[str]) -> None:
    """Raise InputError if `potential_md.timestep_fs` is too long for flexible bonds to hydrogen.

    The limit grows as the root of hydrogen's mass; without hydrogen there is none but that of
    the configuration.
    """
    if "H" not in elements:
        return
    mass_amu = potential_md.hydrogen_mass_amu or HYDROGEN_AMU
    longest_fs = LONGEST_FS * math.sqrt(mass_amu / HYDROGEN_AMU)
    if potential_md.timestep_fs > longest_fs:
        raise InputError(
            f"potential_md.timestep_fs = {potential_md.timestep_fs:g}: bonds to hydrogen of "
            f"{mass_amu:g} amu are flexible with a potential and bear at most {longest_fs:.2f} fs; "
            "shorten it, or make hydrogen heavier (potential_md.hydrogen_mass_amu)"
        )
