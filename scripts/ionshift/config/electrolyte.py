"""Blocks `electrolyte` and `systems`: species, force field, compositions."""

from typing import Literal

from pydantic import Field

from ionshift.config.base import Block, Count, Element, FileName, Name, Positive


class Species(Block):
    role: Literal["cation", "anion", "solvent"] = Field(
        description="What the species is; the cation's shell is what gets analysed."
    )
    charge: int = Field(description="Formal charge in e; the force field's charges must add up.")
    template: FileName = Field(
        description="PDB file with one molecule and CONECT records, relative to the repository."
    )


class Electrolyte(Block):
    species: dict[Name, Species] = Field(
        min_length=1, description="Residue name (as in template and force field) to species."
    )
    forcefield: FileName = Field(
        description="OpenMM force-field XML file, relative to the repository."
    )
    mixing: Literal["geometric", "lorentz-berthelot"] = Field(
        "geometric", description="Combination rule of sigma and epsilon."
    )
    ion_charge_scale: float = Field(
        0.8, gt=0, le=1, description="Factor on the charges of cations and anions in the MD."
    )
    nucleus: Element = Field("Li", description="Element of the observed nucleus, a cation's atom.")

    def names(self, role):
        """Names of the species with `role`, in the order of the file."""
        return [name for name, species in self.species.items() if species.role == role]


class System(Block):
    counts: dict[Name, Count] = Field(description="Molecules in the box by species.")
    density_g_cm3: Positive = Field(description="Density used to pack the box; NPT replaces it.")
