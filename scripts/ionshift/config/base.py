"""What every block of the configuration is made of: its base class and checked types."""

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from ase.data import atomic_numbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from ionshift.core.registry import Registry

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
SYSTEM_NAME = r"^[A-Za-z0-9][A-Za-z0-9.]*$"
PATTERNS = {
    NAME: "letters, digits, - and _ alone, a letter or digit first",
    SYSTEM_NAME: "letters, digits and dots alone, a letter or digit first",
}
"""Patterns of names in words."""


def _known_element(symbol: str) -> str:
    if symbol not in atomic_numbers or symbol == "X":
        raise ValueError(f"'{symbol}' is not a chemical element symbol (such as Li or O)")
    return symbol


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; give a value or leave the key out")
    return text


def _plain_path(path: str) -> str:
    if any(not letter.isprintable() for letter in path):
        raise ValueError("a path has no line breaks and no control characters; write it anew")
    return path


def _each_once(values: list) -> list:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise ValueError(f"{value!r} is named twice; keep one")
    return values


Element = Annotated[str, AfterValidator(_known_element)]
Name = Annotated[str, Field(pattern=NAME, max_length=64)]
SystemName = Annotated[str, Field(pattern=SYSTEM_NAME, max_length=64)]
Text = Annotated[str, AfterValidator(_not_empty)]
FileName = Annotated[Text, AfterValidator(_plain_path)]
EachOnce = AfterValidator(_each_once)
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


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
    """A block of the configuration: unknown keys are errors, values are never changed.

    Every number is finite, whatever its key, alone or in a list or mapping.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value, info):
        """YAML reads yes, no, on and off as true and false, which are 1 and 0 to Python."""
        annotation = cls.model_fields[info.field_name].annotation
        if _holds_bool(value) and not (_takes_bool(annotation) or block_of(annotation)):
            raise ValueError(
                "true or false (yes, no, on, off) is no value of this key; give a number, or put "
                "the word in quotes"
            )
        return value


def block_of(annotation: Any) -> type[BaseModel] | None:
    """The block that a field's type is or holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(block_of, getattr(annotation, "__args__", ()))), None)


def _holds_bool(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(map(_holds_bool, value))
    return isinstance(value, bool)


def _takes_bool(annotation: Any) -> bool:
    return annotation is bool or any(map(_takes_bool, get_args(annotation)))


def is_whole(ratio: float) -> bool:
    """Whether a ratio is a whole number, up to rounding."""
    return math.isfinite(ratio) and abs(ratio - round(ratio)) <= 1e-6


def whole_number(key: str, value: float, interval_key: str, block: Block) -> None:
    ratio = value / getattr(block, interval_key)
    if not is_whole(ratio) or round(ratio) < 1:
        raise ValueError(
            f"{key} = {value:g} is not a whole multiple of {interval_key} = "
            f"{getattr(block, interval_key):g}"
        )


def closest(word: str, known: Iterable[str]) -> str:
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{match[0]}'?)" if match else ""
