"""Named choices: what a name of the configuration stands for, imported when it is used."""

import difflib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ionshift.core.errors import InputError


@dataclass(frozen=True)
class Entry:
    """A name and where its implementation is: `package.module:attribute`."""

    name: str
    implementation: str

    @property
    def module(self) -> str:
        """Dotted name of the module that implements it."""
        return self.implementation.partition(":")[0]

    def load(self) -> Any:
        """Import the implementation."""
        return implementation(self.implementation)


def implementation(name: str) -> Any:
    """What `package.module:attribute` names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


E = TypeVar("E", bound=Any)


class Registry(Generic[E]):
    """Entries by name, in the order of registration.

    Parameters
    ----------
    key : key of the configuration whose value is a name, such as md.engine
    entries : what is registered at first; each has a `name`
    """

    def __init__(self, key: str, *entries: E) -> None:
        self.key = key
        self._entries: dict[str, E] = {}
        for entry in entries:
            self.register(entry)

    def register(self, entry: E) -> E:
        """Add an entry; a name that is taken raises `InputError`."""
        if entry.name in self._entries:
            raise InputError(f"{self.key}: '{entry.name}' is registered already; take another name")
        self._entries[entry.name] = entry
        return entry

    def remove(self, name: str) -> None:
        """Take an entry out again."""
        self.get(name)
        del self._entries[name]

    def get(self, name: str) -> E:
        """The entry of this name; an unknown one raises `InputError`."""
        if name not in self._entries:
            raise InputError(f"{self.key} = '{name}': {self.complaint(name)}")
        return self._entries[name]

    def names(self) -> list[str]:
        """Known names, in the order of registration."""
        return list(self._entries)

    def complaint(self, name: str) -> str:
        """Why an unknown name is wrong and what may be given instead."""
        match = difflib.get_close_matches(str(name), self.names(), n=1)
        hint = f" (did you mean '{match[0]}'?)" if match else ""
        return f"unknown name{hint}; known are {', '.join(self.names())}"

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[E]:
        return iter(self._entries.values())
