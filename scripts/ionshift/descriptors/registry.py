"""Descriptors of a cluster's nucleus: LMBTR or SOAP, by the key `descriptor.kind`."""

from ionshift.core.errors import InputError
from ionshift.descriptors.geometry import Geometries, elements_of
from ionshift.descriptors.lmbtr import Lmbtr

__all__ = ["Geometries", "Lmbtr", "check_same", "elements_of", "make_descriptor"]


def make_descriptor(config, species):
    """The descriptor that `config` (config.Descriptor) names, for clusters of `species`."""
    if config.kind == "soap":
        from ionshift.descriptors.soap import Soap

        return Soap(config, species)
    return Lmbtr(config.resolved(), species)


def check_same(trained, config):
    """Raise `InputError` unless `config` gives the descriptor of the training.

    trained : dict, the `effective` settings of the training
    """
    wanted = config.effective()
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
