"""What a recipe of the learner is: one file of `recipes`, one entry of `RECIPES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from ionshift.config.model import Model


class Recipe(Protocol):
    """Members trained alike, each without one fold of the labels."""

    @classmethod
    def fit(
        cls,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        fold: NDArray[np.integer],
        config: Model,
        log: Callable[[str], None],
    ) -> Self:
        """Train member m without fold m; X (n, d), y and fold (n,)."""

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Targets (n_members, n)."""

    def state(self) -> dict[str, Any]:
        """Plain content for saving."""

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The recipe that `state` was taken of."""
