"""What a rule hands to its script of a block: all of it, or some keys and nothing besides.

A rule names the keys that its result depends on. A key that it left out has no value in the
script: asking for it is an error, never a default.
"""

import re
from collections.abc import Collection, Iterable
from functools import cache
from types import FunctionType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ionshift.config.base import Block, block_of, closest

AnyBlock = TypeVar("AnyBlock", bound=Block)


class NotHandedOver(LookupError):
    """A script asks for a setting that its rule did not hand over."""


def whole(model: type[AnyBlock], values: dict[str, Any]) -> AnyBlock:
    """A block from `values`, which must name every key of it and of the blocks inside.

    Raises
    ------
    NotHandedOver
        if a key is missing.
    """
    block = model.model_validate(values)
    missing = _unset(block)
    if missing:
        raise NotHandedOver(_message(f"{_name(model)}.{missing[0]}"))
    return block


def whole_or_none(model: type[AnyBlock], values: dict[str, Any] | None) -> AnyBlock | None:
    """A block as `whole` makes it, None where the configuration has none."""
    return None if values is None else whole(model, values)


def given(model: type[Block], values: dict[str, Any]) -> Any:
    """The block itself where `values` name all of it, a `Part` where they name some keys."""
    part = Part(model, values)
    return model.model_validate(values) if part.is_whole else part


class Part:
    """Some keys of a block, checked as the block checks them, with the block's own methods.

    Parameters
    ----------
    model : class of the block
    values : dict of key to value; blocks inside may be parts as well
    name : how messages call the block; the class's name by default
    """

    __slots__ = ("_model", "_name", "_values")

    def __init__(self, model: type[Block], values: dict[str, Any], name: str = ""):
        name = name or _name(model)
        unknown = [key for key in values if key not in model.model_fields]
        if unknown:
            hint = closest(unknown[0], model.model_fields)
            raise ValueError(f"{name}.{unknown[0]}: unknown key{hint}")
        checked = {key: _checked(model, key, value, name) for key, value in values.items()}
        for slot, value in (("_model", model), ("_name", name), ("_values", checked)):
            object.__setattr__(self, slot, value)

    @property
    def is_whole(self) -> bool:
        """Whether no key is left out, here or in a block inside."""
        return self._values.keys() == self._model.model_fields.keys() and not any(
            isinstance(inner, Part) for value in self._values.values() for inner in _items(value)
        )

    def model_dump(
        self,
        mode: str = "python",
        include: Iterable[str] | None = None,
        exclude: Collection[str] = (),
    ) -> dict[str, Any]:
        """The keys that were handed over, as the block's own `model_dump` writes them."""
        chosen = self._values.keys() if include is None else set(include)
        return {
            key: _dumped(value, self._model, key, mode)
            for key, value in self._values.items()
            if key in chosen and key not in exclude
        }

    def model_copy(self, update: dict[str, Any]) -> "Part":
        """The same part with some values replaced or added."""
        return Part(self._model, {**self._values, **update}, self._name)

    def __getattr__(self, key):
        if key.startswith("_"):
            raise AttributeError(key)
        if key in self._values:
            return self._values[key]
        if key in self._model.model_fields:
            raise NotHandedOver(_message(f"{self._name}.{key}"))
        own = _own_methods(self._model).get(key)
        if own is None:
            raise AttributeError(f"{self._name} has no key and no method '{key}'")
        return own.__get__(self, type(self))

    def __setattr__(self, key, value):
        raise AttributeError(f"{self._name}.{key}: settings do not change")

    def __eq__(self, other):
        return isinstance(other, Part) and self._state() == other._state()

    def __repr__(self):
        given = ", ".join(f"{key}={value!r}" for key, value in self._values.items())
        return f"Part({self._model.__name__}: {given})"

    def __reduce__(self):
        return Part, self._state()

    def _state(self):
        return self._model, self._values, self._name


def _message(key):
    return (
        f"{key} is not among the parameters of this rule; add it in workflow/rules/, where the "
        "rule names the keys that its result depends on"
    )


def _name(model):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", model.__name__).lower()


def _unset(block, prefix=""):
    """Dotted names of the keys that took their default because nothing was given."""
    found = [prefix + key for key in type(block).model_fields if key not in block.model_fields_set]
    for key in block.model_fields_set:
        for inner in _items(getattr(block, key)):
            if isinstance(inner, Block):
                found += _unset(inner, f"{prefix}{key}.")
    return found


def _items(value):
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else [value]


def _checked(model, key, value, name):
    """A value as the field's type takes it; a block inside may be a part."""
    inner = block_of(model.model_fields[key].annotation)
    if inner is None or value is None:
        return _adapter(model, key).validate_python(value)

    def one(given):
        if isinstance(given, BaseModel | Part):
            return given
        part = Part(inner, given, f"{name}.{key}")
        return inner.model_validate(given) if part.is_whole else part

    if _is_mapping(model.model_fields[key].annotation):
        return {label: one(given) for label, given in value.items()}
    return one(value)


def _is_mapping(annotation):
    return any(get_origin(part) is dict for part in (annotation, *get_args(annotation)))


@cache
def _adapter(model, key):
    field = model.model_fields[key]
    finite = ConfigDict(allow_inf_nan=False)
    if not field.metadata:
        return TypeAdapter(field.annotation, config=finite)
    return TypeAdapter(Annotated[(field.annotation, *field.metadata)], config=finite)


def _dumped(value, model, key, mode):
    if isinstance(value, BaseModel | Part):
        return value.model_dump(mode=mode)
    if isinstance(value, dict) and any(isinstance(one, BaseModel | Part) for one in value.values()):
        return {name: one.model_dump(mode=mode) for name, one in value.items()}
    return _adapter(model, key).dump_python(value, mode=mode)


@cache
def _own_methods(model):
    """Methods and properties that a block and the blocks it extends define."""
    classes = [one for one in model.__mro__ if issubclass(one, Block) and one is not Block]
    return {
        name: member
        for one in reversed(classes)
        for name, member in vars(one).items()
        if isinstance(member, FunctionType | property) and not name.startswith("_")
    }
