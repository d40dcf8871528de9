"""Descriptors of a cluster's nucleus, by the key `descriptor.kind`."""

from ionshift.config.registries.descriptors import DESCRIPTORS
from ionshift.core.errors import InputError
from ionshift.descriptors.geometry import Geometries, elements_of
from ionshift.descriptors.settings import effective, resolved

__all__ = ["Geometries", "check_same", "elements_of", "make_descriptor"]


def make_descriptor(config, species):
    """The descriptor that `config` (config.Descriptor) names, for clusters of `species`."""
    return DESCRIPTORS.get(config.kind).load()(resolved(config), species)


def check_same(trained, config):
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
