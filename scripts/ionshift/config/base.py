"""What every block of the configuration is made of: its base class and checked types."""

import difflib
from dataclasses import dataclass
from typing import Annotated

from ase.data import atomic_numbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ionshift.core.registry import Registry

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"


def _known_element(symbol: str) -> str:
    if symbol not in atomic_numbers or symbol == "X":
        raise ValueError(f"'{symbol}' is not a chemical element symbol (such as Li or O)")
    return symbol


Element = Annotated[str, AfterValidator(_known_element)]
Name = Annotated[str, Field(pattern=NAME)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class OneOf:
    """Annotation of a key whose value is a name of a registry."""

    registry: Registry

    def check(self, name: str) -> str:
        if name not in self.registry:
            raise ValueError(self.registry.complaint(name))
        return name

    def __get_pydantic_core_schema__(self, source, handler):
        return AfterValidator(self.check).__get_pydantic_core_schema__(source, handler)

    def __get_pydantic_json_schema__(self, schema, handler):
        return {"enum": self.registry.names(), **handler(schema)}


class Block(BaseModel):
    """A block of the configuration: unknown keys are errors, values are never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


def whole_number(key, value, interval_key, block):
    ratio = value / getattr(block, interval_key)
    if round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6:
        raise ValueError(
            f"{key} = {value:g} is not a whole multiple of {interval_key} = "
            f"{getattr(block, interval_key):g}"
        )


def closest(word, known):
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{match[0]}'?)" if match else ""
