"""The settings of a descriptor that change a number, and those that a name stands for."""

from typing import Any

from ionshift.config.descriptor import Descriptor
from ionshift.core.errors import InputError

PUBLISHED_LMBTR = {
    "k2_min_A": 0.0,
    "k2_max_A": 6.0,
    "k2_sigma_A": 0.1,
    "k3_min_deg": 0.0,
    "k3_max_deg": 180.0,
    "k3_sigma_deg": 0.1,
    "n_grid": 200,
    "weighting_scale_per_A": 0.5,
    "weighting_threshold": 1e-3,
    "normalise": True,
}
"""From chenggroup/ai2-kit (feat/spectrum/lmbtr), the public code of the published study's group."""


def resolved(descriptor: Descriptor) -> Descriptor:
    """The same descriptor with the settings that `lmbtr_published` stands for.

    Raises
    ------
    InputError
        if the configuration gives one of these settings another value.
    """
    if descriptor.kind != "lmbtr_published":
        return descriptor
    for key, value in PUBLISHED_LMBTR.items():
        own, default = getattr(descriptor, key), Descriptor.model_fields[key].default
        if own not in (value, default):
            raise InputError(
                f"descriptor.{key} = {own} differs from the published {value}; use kind: lmbtr"
            )
    return descriptor.model_copy(update={"kind": "lmbtr", **PUBLISHED_LMBTR})


def effective(descriptor: Descriptor) -> dict[str, Any]:
    """The settings that change a number: those of the kind in use."""
    settings = resolved(descriptor).model_dump(mode="json", exclude={"backend"})
    is_soap = settings["kind"] == "soap"
    shared = ("kind", "normalise")
    return {
        key: value
        for key, value in settings.items()
        if key in shared or key.startswith("soap_") == is_soap
    }
