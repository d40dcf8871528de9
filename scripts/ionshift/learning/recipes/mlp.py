"""Recipe `mlp`: small networks on principal components, each stopped early on its own fold.

A network maps reduced descriptors to the scaled target: a linear part plus hidden layers for
what the linear part leaves. All members are trained at once by AdamW (Loshchilov and Hutter,
ICLR 2019, arXiv 1711.05101).
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from ionshift.config.model import Model
from ionshift.learning.reduction import Reduction


@dataclass
class Mlp:
    """Networks with their projections: axes (d, n_members k), offset (n_members k)."""

    axes: torch.Tensor
    offset: torch.Tensor
    weights: list
    mean: float
    sd: float

    @classmethod
    def fit(
        cls,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        fold: NDArray[np.integer],
        config: Model,
        log: Callable[[str], None],
    ) -> Self:
        """Member m is trained on the other folds and stopped on fold m."""
        members = np.unique(fold)
        reductions = [Reduction.fit(X[fold != m], config.n_components) for m in members]
        k = min(len(reduction.components) for reduction in reductions)
        axes = [r.components[:k].T / r.scale for r in reductions]
        offset = [r.mean @ a for r, a in zip(reductions, axes, strict=True)]
        mean, sd = float(y.mean()), float(y.std()) or 1.0
        model = cls(
            torch.tensor(np.hstack(axes), dtype=torch.float32),
            torch.tensor(np.concatenate(offset), dtype=torch.float32),
            _initial_weights(
                len(members), [k, *config.hidden], torch.Generator().manual_seed(config.seed)
            ),
            mean,
            sd,
        )
        target = torch.tensor((y - mean) / sd, dtype=torch.float32)
        model.weights, n_epochs = _fit(
            model.weights, model._inputs(X), target, torch.tensor(fold), config
        )
        log(f"{len(members)} networks: {len(y)} labels, {n_epochs} epochs")
        return model

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Targets (n_members, n)."""
        with torch.no_grad():
            scaled = _forward(self.weights, self._inputs(X))
        return self.mean + self.sd * scaled.numpy().astype(float)

    def _inputs(self, X):
        n_members = len(self.weights[0])
        reduced = torch.as_tensor(np.asarray(X, np.float32)) @ self.axes - self.offset
        return reduced.reshape(len(reduced), n_members, -1).transpose(0, 1).contiguous()

    def state(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(**state)


def _fit(weights, inputs, target, fold, config):
    """Train all members at once; returns their best weights and the epochs used.

    inputs (n_members, n, k), target (n,), fold (n,): rows of fold m stop member m.
    """
    generator = torch.Generator().manual_seed(config.seed)
    n_members, n, _ = inputs.shape
    decay = [w for w in weights if w.shape[-2] > 1]
    free = [w for w in weights if w.shape[-2] == 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": decay, "weight_decay": config.weight_decay},
            {"params": free, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
    )
    held_out = fold[None, :] == torch.arange(n_members)[:, None]
    best = [w.detach().clone() for w in weights]
    best_error = torch.full((n_members,), torch.inf)
    waited = torch.zeros(n_members)
    n_batches = max(1, -(-n // config.batch_size))
    for epoch in range(1, config.max_epochs + 1):  # noqa: B007
        for rows in torch.randperm(n, generator=generator).chunk(n_batches):
            residual = _forward(weights, inputs[:, rows]) - target[rows]
            used = (~held_out[:, rows]).float()
            loss = ((residual**2 * used).sum(1) / used.sum(1).clamp(min=1)).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            squares = (_forward(weights, inputs) - target) ** 2 * held_out
            error = squares.sum(1) / held_out.sum(1)
            better = error < best_error
            best_error = torch.where(better, error, best_error)
            waited = torch.where(better, 0.0, waited + 1)
            for kept, current in zip(best, weights, strict=True):
                kept[better] = current.detach()[better]
        if (waited >= config.patience).all():
            break
    return best, epoch


def _initial_weights(n_members, sizes, generator):
    """Layers (weight, bias) from input to last hidden, the read-out, and the linear part."""
    weights = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        weights.append(torch.randn(n_members, fan_in, fan_out, generator=generator) / fan_in**0.5)
        weights.append(torch.zeros(n_members, 1, fan_out))
    last = sizes[-1]
    weights.append(0.1 * torch.randn(n_members, last, 1, generator=generator) / last**0.5)
    weights.append(torch.zeros(n_members, 1, 1))
    weights.append(torch.zeros(n_members, sizes[0], 1))
    return [w.requires_grad_() for w in weights]


def _forward(weights, inputs):
    """Scaled targets (n_members, n) of inputs (n_members, n, k)."""
    *layers, read_out, offset, linear = weights
    hidden = inputs
    for weight, bias in zip(layers[::2], layers[1::2], strict=True):
        hidden = torch.nn.functional.silu(torch.baddbmm(bias, hidden, weight))
    return (torch.baddbmm(offset, hidden, read_out) + torch.bmm(inputs, linear)).squeeze(-1)
