"""Descriptors of a cluster's nucleus, by the key `descriptor.kind`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ionshift.config.registries.descriptors import DESCRIPTORS
from ionshift.core.errors import InputError
from ionshift.descriptors.geometry import Geometries, elements_of
from ionshift.descriptors.settings import effective, resolved

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray

    from ionshift.config.descriptor import Descriptor

__all__ = ["Geometries", "check_same", "elements_of", "make_descriptor"]


class NucleusDescriptor(Protocol):
    """What an entry of `DESCRIPTORS` makes from its settings and the element symbols."""

    @property
    def n_features(self) -> int:
        """Length of a descriptor."""
        ...

    def describe(self, clusters: Geometries | Sequence[Atoms]) -> NDArray[np.float64]:
        """Descriptors (n_clusters, n_features) of atom 0 of every cluster."""


def make_descriptor(config: Descriptor, species: Sequence[str]) -> NucleusDescriptor:
    """The descriptor that `config` (config.Descriptor) names, for clusters of `species`."""
    return DESCRIPTORS.get(config.kind).load()(resolved(config), species)


def check_same(trained: Mapping[str, Any], config: Descriptor) -> None:
    """Raise `InputError` unless `config` gives the descriptor of the training.

    trained : dict, the `effective` settings of the training
    """
    wanted = effective(config)
    if trained == wanted:
        return
    changed = [
        f"{key} = {wanted.get(key)} (training: {trained.get(key)})"
        for key in sorted(set(trained) | set(wanted))
        if trained.get(key) != wanted.get(key)
    ]
    raise InputError(
        f"descriptor: the model was trained with other settings: {', '.join(changed)}; "
        "use those or train again"
    )
