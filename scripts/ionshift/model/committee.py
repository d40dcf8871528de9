"""The committee: members on different folds of groups, their mean and calibrated spread.

A member maps the descriptor, reduced to principal components, to the shielding. Each member is
stopped early on another fold of groups. Reduction and scaling are fitted on a member's own
training rows.
"""

import json
from dataclasses import dataclass, field

import numpy as np
import torch

from ionshift.errors import InputError
from ionshift.files import atomic_path
from ionshift.model import networks
from ionshift.model.extrapolation import Range
from ionshift.model.reduction import Reduction, as_tensors, from_tensors
from ionshift.splits import folds

RANGE_COMPONENTS = 20


@dataclass
class Committee:
    """Trained members with their reductions, calibration and the range of the training set.

    `metadata` must be plain JSON; it says what the committee was trained on.
    """

    reductions: list
    weights: list
    target_mean_ppm: float
    target_sd_ppm: float
    noise_ppm: float
    known: Range
    metadata: dict = field(default_factory=dict)

    def predict_members(self, X):
        """Shieldings (n_members, n) in ppm."""
        with torch.no_grad():
            scaled = networks.forward(self.weights, _reduced(self.reductions, X))
        return self.target_mean_ppm + self.target_sd_ppm * scaled.numpy().astype(float)

    def predict(self, X):
        """Mean and calibrated standard deviation, each (n,), in ppm.

        The members' spread alone is too small: the variance that the held-out residuals have
        beyond it is added.
        """
        return self.combine(self.predict_members(X))

    def combine(self, members):
        """What `predict` returns, from the members' shieldings (n_members, n)."""
        return members.mean(axis=0), np.hypot(members.std(axis=0, ddof=1), self.noise_ppm)

    def components(self, X):
        """First principal components (n, k) of the training set's descriptors."""
        return self.known.reduction(X)

    def extrapolation(self, X):
        """Distance to the training set as `Range` defines it; values above 1 are outside."""
        return self.known(np.asarray(X, float))

    def save(self, path):
        state = {
            "weights": self.weights,
            "reductions": [as_tensors(reduction) for reduction in self.reductions],
            "range_reduction": as_tensors(self.known.reduction),
            "range_points": torch.tensor(self.known.points),
            "range_filled": torch.tensor(self.known.filled),
            "range_radii": [self.known.radius, self.known.novelty_radius],
            "numbers": {
                name: float(getattr(self, name))
                for name in ("target_mean_ppm", "target_sd_ppm", "noise_ppm")
            },
            "metadata": json.dumps(self.metadata),
        }
        with atomic_path(path) as temporary:
            torch.save(state, temporary)

    @classmethod
    def load(cls, path):
        """Read a saved committee.

        Raises
        ------
        InputError
            if the file is damaged or not a committee.
        """
        try:
            state = torch.load(path, weights_only=True)
            return cls(
                reductions=[from_tensors(part) for part in state["reductions"]],
                weights=state["weights"],
                known=Range(
                    from_tensors(state["range_reduction"]),
                    state["range_points"].numpy(),
                    state["range_filled"].numpy(),
                    *state["range_radii"],
                ),
                metadata=json.loads(state["metadata"]),
                **state["numbers"],
            )
        except Exception as error:
            raise InputError(
                f"model file {path} cannot be read ({type(error).__name__}); delete it and "
                "rerun the training"
            ) from None


def train(X, y_ppm, groups, config, log=print):
    """Train a committee.

    Parameters
    ----------
    X : (n, d) descriptors
    y_ppm : (n,) shieldings
    groups : (n,) names of groups that must stay together
    config : config.Model

    Raises
    ------
    InputError
        if a label is not a number, or there are fewer groups than members.
    """
    X, y = np.asarray(X, float), np.asarray(y_ppm, float)
    if not np.isfinite(y).all():
        raise InputError(
            f"{np.sum(~np.isfinite(y))} of {len(y)} training labels are not numbers; train on "
            "labels with status ok only"
        )
    fold = folds(groups, config.committee_size, config.seed)
    mean, spread = y.mean(), y.std() or 1.0
    reductions = [
        Reduction.fit(X[fold != member], config.n_components)
        for member in range(config.committee_size)
    ]
    n_common = min(len(reduction.components) for reduction in reductions)
    for reduction in reductions:
        reduction.components = reduction.components[:n_common]
    inputs = _reduced(reductions, X)
    target = torch.tensor((y - mean) / spread, dtype=torch.float32)
    weights, n_epochs = networks.fit(inputs, target, torch.tensor(fold), config)
    log(f"committee of {config.committee_size}: {len(y)} labels, {n_epochs} epochs")
    known = Range.fit(X, fold, min(RANGE_COMPONENTS, n_common))
    committee = Committee(reductions, weights, mean, spread, 0.0, known)
    members = committee.predict_members(X)
    residual = y - members[fold, np.arange(len(y))]
    excess = np.mean(residual**2 - members.var(axis=0, ddof=1))
    committee.noise_ppm = float(np.sqrt(max(excess, 0.0)))
    return committee


def _reduced(reductions, X):
    stacked = np.stack([reduction(np.asarray(X, float)) for reduction in reductions])
    return torch.tensor(stacked, dtype=torch.float32)
