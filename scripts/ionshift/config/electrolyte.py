"""Blocks `electrolyte` and `systems`: species, force field, compositions."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from ionshift.config.base import Block, Count, Element, FileName, Name, Positive

SIGNS = {"cation": 1, "anion": -1, "solvent": 0}
"""Sign of the charge of a species by its role."""


class Species(Block):
    role: Literal["cation", "anion", "solvent"] = Field(
        description="What the species is; the cation's shell is what gets analysed."
    )
    charge: int = Field(description="Formal charge in e; the force field's charges must add up.")
    template: FileName = Field(
        description="PDB file with one molecule and CONECT records, relative to the repository."
    )

    @model_validator(mode="after")
    def _role_fits_charge(self):
        sign = (self.charge > 0) - (self.charge < 0)
        if sign != SIGNS[self.role]:
            raise ValueError(
                f"role = '{self.role}' with charge = {self.charge}: a cation's charge is above "
                "zero, an anion's below, a solvent's is 0; correct one of the two"
            )
        return self


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

    def names(self, role: str) -> list[str]:
        """Names of the species with `role`, in the order of the file."""
        return [name for name, species in self.species.items() if species.role == role]


class System(Block):
    counts: dict[Name, Count] = Field(description="Molecules in the box by species.")
    density_g_cm3: Positive = Field(description="Density used to pack the box; NPT replaces it.")
    starts: list[FileName] = Field(
        [],
        description="Boxes to start from in place of packed ones, a PDB file a replica, relative "
        "to the repository: ends of an earlier MD, as `ionshift boxes` writes them. None: packed.",
    )

    @field_validator("starts")
    @classmethod
    def _independent(cls, starts: list[str]) -> list[str]:
        twice = sorted({path for path in starts if starts.count(path) > 1})
        if twice:
            raise ValueError(f"'{twice[0]}' stands twice; replicas need boxes of their own")
        return starts
