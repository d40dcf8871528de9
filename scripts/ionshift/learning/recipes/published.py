"""Recipe `published`: the network of the published 7Li study.

A multilayer perceptron d-256-256-1 with ReLU, mean squared error on the z-scored shielding,
Adam with step 1e-3, batches of 32 rows, 1,000 epochs (`model.max_epochs`), as in
chenggroup/ai2-kit, feat/spectrum/lmbtr, the public code of the group of You et al., JACS 2025,
doi 10.1021/jacs.5c02710. Here it is a committee over folds of groups, the only difference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ionshift.config.model import Model

HIDDEN = (256, 256)
LEARNING_RATE = 1e-3
BATCH_SIZE = 32


@dataclass
class Published:
    """Networks on the features that any training row fills (the others stay without effect)."""

    filled: torch.Tensor
    networks: list
    means: list
    sds: list

    @classmethod
    def fit(
        cls,
        X: NDArray[np.float64],
        y: NDArray[np.float64],
        fold: NDArray[np.integer],
        config: Model,
        log: Callable[[str], None],
    ) -> Self:
        """Member m is trained on the other folds."""
        filled = torch.tensor(np.abs(X).max(axis=0) > 0)
        inputs = torch.tensor(X, dtype=torch.float32)[:, filled]
        model = cls(filled, [], [], [])
        for member in np.unique(fold):
            used = torch.tensor(fold != member)
            taught = y[fold != member]
            mean, sd = float(taught.mean()), float(taught.std()) or 1.0
            target = torch.tensor((taught - mean) / sd, dtype=torch.float32)
            generator = torch.Generator().manual_seed(1000 * config.seed + int(member))
            model.networks.append(
                _fit(inputs[used], target, X.shape[1], config.max_epochs, generator)
            )
            model.means.append(mean)
            model.sds.append(sd)
        log(f"{len(model.networks)} networks: {len(y)} labels, {config.max_epochs} epochs")
        return model

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Targets (n_members, n)."""
        inputs = torch.tensor(np.asarray(X, np.float32))[:, self.filled]
        with torch.no_grad():
            scaled = np.stack([_forward(network, inputs).numpy() for network in self.networks])
        return np.array(self.means)[:, None] + np.array(self.sds)[:, None] * scaled

    def state(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        return cls(**state)


def _fit(inputs, target, n_features, n_epochs, generator):
    layers = _initial_layers(inputs.shape[1], n_features, generator)
    optimiser = torch.optim.Adam([part for layer in layers for part in layer], LEARNING_RATE)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(target), generator=generator).split(BATCH_SIZE):
            loss = torch.nn.functional.mse_loss(_forward(layers, inputs[rows]), target[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return [[part.detach() for part in layer] for layer in layers]


def _initial_layers(n_filled, n_features, generator):
    """Weights and biases uniform within 1/sqrt(fan-in), the default of torch.nn.Linear.

    The first fan-in counts the features that are never filled as well.
    """
    sizes = [n_filled, *HIDDEN, 1]
    fans_in = [n_features, *HIDDEN]
    layers = []
    for fan_in, rows, columns in zip(fans_in, sizes[1:], sizes[:-1], strict=True):
        parts = [torch.rand(shape, generator=generator) for shape in ((rows, columns), (rows,))]
        layers.append([((2 * part - 1) / fan_in**0.5).requires_grad_() for part in parts])
    return layers


def _forward(layers, inputs):
    *hidden_layers, read_out = layers
    for weight, bias in hidden_layers:
        inputs = torch.relu(torch.nn.functional.linear(inputs, weight, bias))
    return torch.nn.functional.linear(inputs, *read_out).squeeze(-1)
