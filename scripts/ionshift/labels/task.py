"""What a label task is: one file of this room a property, and `workers` computes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ase import Atoms


class LabelTask(Protocol):
    """What `workers.label_structures` computes of structures; it is pickled for its processes.

    Attributes
    ----------
    record_columns : keys of a record, besides status, reason and wall_s
    name_key : key of a structure's name in its info
    workers_key : the configuration's key of the number of workers
    """

    @property
    def record_columns(self) -> tuple[str, ...]: ...

    @property
    def name_key(self) -> str: ...

    @property
    def workers_key(self) -> str: ...

    def key_of(self, atoms: Atoms) -> str:
        """The label's key."""

    def is_enough(self, record: Mapping[str, Any], atoms: Atoms) -> bool:
        """Whether a record of the store holds all that is wanted."""

    def compute(self, atoms: Atoms, last_failure: Mapping[str, Any] | None) -> dict[str, Any]:
        """One record, a dict with status, reason, wall_s and `record_columns`.

        It never raises for a structure. `last_failure` is the failed record of an earlier try
        that was put aside, or None.
        """

    def describe(self, record: Mapping[str, Any]) -> str:
        """An ok record in a few words."""
