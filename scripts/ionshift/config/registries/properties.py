"""Properties that the learner knows by name: what a column of labels holds."""

from dataclasses import dataclass
from typing import Literal

from ionshift.core.registry import Registry


@dataclass(frozen=True)
class Property:
    """A quantity that a model learns.

    unit : as it stands at the end of column names
    rank : of the tensor; the learner takes scalars, rank 0
    per : what one value belongs to
    task : module of the label task that computes it; None for labels from elsewhere
    """

    name: str
    unit: str
    rank: int = 0
    per: Literal["nucleus", "structure"] = "nucleus"
    task: str | None = None

    def column(self, name: str) -> str:
        """Name of a table's column with the unit at its end, such as rmse_ppm."""
        return f"{name}_{self.unit}"

    @property
    def target(self) -> str:
        """Column of the labels themselves, such as shielding_ppm."""
        return self.column(self.name)


SHIELDING = Property("shielding", "ppm", task="ionshift.labels.shieldings")
PROPERTIES: Registry[Property] = Registry("property", SHIELDING)


def of_column(target: str, unit: str | None = None) -> Property:
    """The registered property with this column of labels, or one made for a column.

    A `unit` that is not given is that of the shielding.
    """
    for known in PROPERTIES:
        if target == known.target and unit in (None, known.unit):
            return known
    unit = unit or SHIELDING.unit
    return Property(target.removesuffix(f"_{unit}"), unit)
