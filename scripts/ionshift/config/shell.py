"""Block `shell`: the first solvation shell."""

from typing import Annotated

from pydantic import Field, model_validator

from ionshift.config.base import Block, EachOnce, Element, Positive


class Shell(Block):
    ligand_elements: Annotated[list[Element], EachOnce] = Field(
        ["O"], min_length=1, description="Elements that coordinate the nucleus."
    )
    cutoff_A: Positive | None = Field(
        None,
        description="First-shell cut-off; null takes the first minimum of the nucleus-ligand g(r) "
        "of the first system, as measured.",
    )
    rdf_max_A: Positive = Field(8.0, description="Range of the g(r) that is measured.")
    rdf_bin_A: Positive = Field(0.05, description="Bin width of the g(r).")
    lsi_cutoff_A: Positive = Field(
        3.7, description="Cut-off of the local structure index (the next distance closes the list)."
    )

    @model_validator(mode="after")
    def _bins_fit(self):
        if self.rdf_bin_A >= self.rdf_max_A:
            raise ValueError(
                f"rdf_bin_A = {self.rdf_bin_A:g} leaves no bin below rdf_max_A = "
                f"{self.rdf_max_A:g}; make it narrower"
            )
        return self
