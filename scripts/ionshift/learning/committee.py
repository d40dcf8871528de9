"""The committee: members on different folds of groups, their mean and calibrated spread."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ionshift.config.model import Model
from ionshift.config.registries.properties import SHIELDING, Property
from ionshift.config.registries.recipes import RECIPES
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.learning.calibration import Calibration
from ionshift.learning.extrapolation import Range
from ionshift.learning.splits import folds

if TYPE_CHECKING:
    from ionshift.learning.recipe import Recipe

RANGE_COMPONENTS = 20


@dataclass
class Committee:
    """Trained members with their calibration and the range of the training set.

    `metadata` must be plain JSON; it says what the committee was trained on.
    """

    recipe: str
    members: Recipe
    known: Range
    calibration: Calibration
    metadata: dict = field(default_factory=dict)
    quantity: Property = SHIELDING

    def predict_members(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of the property (n_members, n)."""
        return self.members.predict(X)

    def predict(self, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and calibrated standard deviation, each (n,)."""
        return self.combine(self.predict_members(X))

    def combine(
        self, members: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What `predict` returns, from the members' values (n_members, n).

        The standard deviation is the half width of the interval that holds 68 % of labels.
        """
        return members.mean(axis=0), self.calibration.half_widths(members)[0]

    def extrapolation(self, X: ArrayLike) -> NDArray[np.float64]:
        """Distance to the training set as `Range` defines it; values above 1 are outside."""
        return self.known(np.asarray(X, float))

    def save(self, path: str | Path) -> None:
        state = {
            "recipe": self.recipe,
            "members": self.members.state(),
            "range": self.known.state(),
            "calibration": vars(self.calibration),
            "metadata": json.dumps(self.metadata),
            "quantity": vars(self.quantity),
        }
        with atomic_path(path) as temporary:
            torch.save(state, temporary)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a saved committee.

        Raises
        ------
        InputError
            if the file is damaged or not a committee.
        """
        try:
            state = torch.load(path, weights_only=True)
            return cls(
                recipe=state["recipe"],
                members=RECIPES.get(state["recipe"]).load().from_state(state["members"]),
                known=Range.from_state(state["range"]),
                calibration=Calibration(**state["calibration"]),
                metadata=json.loads(state["metadata"]),
                quantity=Property(**state["quantity"]),
            )
        except Exception as error:
            raise InputError(
                f"model file {path} cannot be read ({type(error).__name__}); delete it and "
                "rerun the training"
            ) from None


def train(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: Sequence[str] | NDArray[np.str_],
    config: Model,
    log: Callable[[str], None] = print,
    quantity: Property = SHIELDING,
) -> Committee:
    """Train a committee by the recipe `config.recipe`.

    Parameters
    ----------
    X : (n, d) descriptors
    y : (n,) values of the property
    groups : (n,) names of groups that must stay together
    config : config.Model
    quantity : the property

    Raises
    ------
    InputError
        if a label or a descriptor is not a number, there are fewer groups than members, or the
        recipe is unknown.
    """
    X, y = np.asarray(X, float), np.asarray(y, float)
    _check_numbers(X, y)
    recipe = RECIPES.get(config.recipe).load()
    fold = folds(groups, config.committee_size, config.seed)
    members = recipe.fit(X, y, fold, config, log)
    known = Range.fit(X, fold, RANGE_COMPONENTS)
    calibration = Calibration.fit(y, members.predict(X), fold)
    return Committee(config.recipe, members, known, calibration, quantity=quantity)


def _check_numbers(X, y):
    if not np.isfinite(y).all():
        raise InputError(
            f"{np.sum(~np.isfinite(y))} of {len(y)} training labels are not numbers; train on "
            "labels with status ok only"
        )
    if not np.isfinite(X).all():
        row = int(np.flatnonzero(~np.isfinite(X).all(axis=1))[0])
        raise InputError(f"the descriptor of label {row} is not finite; check its geometry")
