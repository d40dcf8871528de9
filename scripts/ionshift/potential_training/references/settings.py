"""The settings of a reference calculator that change a number."""

from typing import Any

from ionshift.config.reference import Reference
from ionshift.config.registries.references import REFERENCES


def effective(reference: Reference) -> dict[str, Any]:
    """The settings of the calculator in use; they are part of every label's key."""
    keys = {"calculator", "max_cycles", *REFERENCES.get(reference.calculator).settings}
    return reference.model_dump(mode="json", include=keys)
