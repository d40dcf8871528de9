"""Block `potential`: an interatomic potential behind an ASE calculator."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ionshift.config.base import Block, Element, FileName, OneOf
from ionshift.config.registries.calculators import FAMILIES


class CoulombPrior(Block):
    """Ions in a dielectric, whose Ewald sum a potential does not learn."""

    charges: dict[Element, float] = Field(
        min_length=1, description="Charge in e by element; those that are not named have none."
    )
    permittivity: float = Field(1.0, ge=1, description="Relative permittivity that screens them.")


class Calculator(Block):
    """An ASE calculator by family."""

    kind: Annotated[str, OneOf(FAMILIES)] = Field(
        "tblite", description="Family of the potential; each has its environment file."
    )
    model: FileName | None = Field(
        None,
        description="Model file, relative to the repository; for tblite the method (null: "
        "GFN1-xTB), for python a callable that returns an ASE calculator, as `package.module:name` "
        "or `path/to/file.py:name`; emt takes none.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where it is evaluated (`auto`: a GPU where there is one)."
    )
    dtype: Literal["float32", "float64"] = Field(
        "float64", description="Floating-point numbers of the model, where the family has both."
    )
    options: dict[str, bool | int | float | str] = Field(
        {}, description="Further keyword arguments of the family's calculator (MACE: head)."
    )

    @model_validator(mode="after")
    def _has_its_model(self):
        family = FAMILIES.get(self.kind)
        if family.model == "method" and self.model not in (None, *family.methods):
            raise ValueError(
                f"model = '{self.model}' is no method of {self.kind}; take "
                f"{', '.join(family.methods)}"
            )
        if self.model is None and family.model in ("file", "callable"):
            raise ValueError(f"model is not given, kind {self.kind} needs {family.model_words}")
        if self.model is not None and family.model == "none":
            raise ValueError(f"model = '{self.model}': kind {self.kind} takes none; remove it")
        return self

    def files(self) -> list[str]:
        """The model file in a list; empty for a potential that is read from no file."""
        family = FAMILIES.get(self.kind)
        if family.model == "callable":
            source = str(self.model).rpartition(":")[0]
            return [source] if source.endswith(".py") else []
        return [str(self.model)] if family.model == "file" else []


class Potential(Calculator):
    """An interatomic potential behind an ASE calculator, for `md.engine: potential`."""

    prior: CoulombPrior | None = Field(
        None, description="Coulomb prior that the potential was trained without: added to it."
    )
