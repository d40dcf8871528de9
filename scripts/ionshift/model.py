"""The learned shielding: a committee of networks, its errors and what it has not seen.

A member maps the descriptor, reduced to principal components, to the shielding: a linear part
plus a small network for what the linear part leaves. Each member is stopped early on another
fold of groups. Reduction and scaling are fitted on a member's own training rows.
"""

import itertools
import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.linalg
import torch

from ionshift.errors import InputError
from ionshift.files import atomic_path
from ionshift.splits import folds, grouped_split

LEARNING_CURVE_SHARES = (0.25, 0.5, 0.75, 1.0)
LEARNING_CURVE_REPEATS = 3
RANGE_QUANTILE = 0.99
RANGE_COMPONENTS = 20
EMPTY_SHARE = 1e-6
"""A feature below this share of the largest one in every training row counts as never filled."""
EIGENVALUE_FLOOR = 1e-10


@dataclass
class Reduction:
    """Centred descriptors on principal components, scaled by the largest component's spread."""

    mean: np.ndarray
    components: np.ndarray
    scale: float

    @classmethod
    def fit(cls, X, n_components):
        mean = X.mean(axis=0)
        n_components = max(1, min(n_components or min(X.shape), len(X) - 1, X.shape[1]))
        components = _principal_axes(X - mean, n_components)
        spread = ((X - mean) @ components[0]).std() if len(components) else 0.0
        return cls(mean, components, float(spread) or 1.0)

    def __call__(self, X):
        return (X - self.mean) @ self.components.T / self.scale

    def residual(self, X):
        """Length (n,) of the part of X outside the components, in the unit of the reduction."""
        centred = X - self.mean
        inside = centred @ self.components.T
        squares = (centred**2).sum(axis=1) - (inside**2).sum(axis=1)
        return np.sqrt(np.maximum(squares, 0.0)) / self.scale


@dataclass
class Range:
    """What the training set has seen: where its descriptors lie and which features they fill.

    Two distances, each in units of its 99th percentile over groups that the range was built
    without: to the nearest training row (in the components, with the part outside of them
    added), and the length in features that no training row fills.
    """

    reduction: Reduction
    points: np.ndarray
    filled: np.ndarray
    radius: float = 1.0
    novelty_radius: float = 1.0

    @classmethod
    def fit(cls, X, fold, n_components):
        whole = cls._of(X, n_components)
        parts = []
        for number in np.unique(fold):
            rest = cls._of(X[fold != number], n_components)
            unit = rest.reduction.scale / whole.reduction.scale
            distance, novelty = rest._distances(X[fold == number])
            parts.append((distance * unit, novelty))
        distance, novelty = (np.concatenate(part) for part in zip(*parts, strict=True))
        whole.radius = float(np.quantile(distance, RANGE_QUANTILE)) or 1.0
        floor = EMPTY_SHARE * np.abs(X).max()
        whole.novelty_radius = float(max(np.quantile(novelty, RANGE_QUANTILE), floor))
        return whole

    @classmethod
    def _of(cls, X, n_components):
        reduction = Reduction.fit(X, n_components)
        size = np.abs(X)
        return cls(reduction, reduction(X), size.max(axis=0) > EMPTY_SHARE * size.max())

    def _distances(self, X):
        nearest = [_nearest(chunk, self.points) for chunk in _chunks(self.reduction(X), 2000)]
        distance = np.hypot(np.concatenate(nearest), self.reduction.residual(X))
        return distance, np.linalg.norm(X[:, ~self.filled], axis=1)

    def __call__(self, X):
        """The larger of the two distances (n,); above 1 is extrapolation."""
        distance, novelty = self._distances(X)
        return np.maximum(distance / self.radius, novelty / self.novelty_radius)


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
            scaled = _forward(self.weights, _reduced(self.reductions, X))
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

    def extrapolation(self, X):
        """Distance to the training set as `Range` defines it; values above 1 are outside."""
        return self.known(np.asarray(X, float))

    def save(self, path):
        state = {
            "weights": self.weights,
            "reductions": [_as_tensors(reduction) for reduction in self.reductions],
            "range_reduction": _as_tensors(self.known.reduction),
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
                reductions=[_from_tensors(part) for part in state["reductions"]],
                weights=state["weights"],
                known=Range(
                    _from_tensors(state["range_reduction"]),
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


@dataclass
class Study:
    """How good a model is: errors by part, parity of every label, learning curve."""

    metrics: pd.DataFrame
    parity: pd.DataFrame
    learning_curve: pd.DataFrame


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
    weights, n_epochs = _fit(inputs, target, torch.tensor(fold), config)
    log(f"committee of {config.committee_size}: {len(y)} labels, {n_epochs} epochs")
    known = Range.fit(X, fold, min(RANGE_COMPONENTS, n_common))
    committee = Committee(reductions, weights, mean, spread, 0.0, known)
    members = committee.predict_members(X)
    residual = y - members[fold, np.arange(len(y))]
    excess = np.mean(residual**2 - members.var(axis=0, ddof=1))
    committee.noise_ppm = float(np.sqrt(max(excess, 0.0)))
    return committee


def evaluate(committee, X, y_ppm, baseline_ppm):
    """Errors on labels the committee has not seen.

    Returns
    -------
    dict with n, rmse_ppm, mae_ppm, bias_ppm, r2, label_sd_ppm, baseline_rmse_ppm (the error of
    predicting `baseline_ppm`, the training mean, throughout), coverage_1sd (share within one
    standard deviation, nominally 0.68)
    """
    y = np.asarray(y_ppm, float)
    mean, spread = committee.predict(X)
    residual = mean - y
    scatter = np.sum((y - y.mean()) ** 2)
    return {
        "n": len(y),
        "rmse_ppm": float(np.sqrt(np.mean(residual**2))),
        "mae_ppm": float(np.mean(np.abs(residual))),
        "bias_ppm": float(np.mean(residual)),
        "r2": float(1 - np.sum(residual**2) / scatter) if scatter > 0 else float("nan"),
        "label_sd_ppm": float(y.std(ddof=1)) if len(y) > 1 else float("nan"),
        "baseline_rmse_ppm": float(np.sqrt(np.mean((y - baseline_ppm) ** 2))),
        "coverage_1sd": float(np.mean(np.abs(residual) <= spread)),
    }


def study(X, y_ppm, groups, config, log=print):
    """Measure the recipe: a held-out test, every system left out in turn, the learning curve."""
    X, y, groups = np.asarray(X, float), np.asarray(y_ppm, float), np.asarray(groups)
    training, test = grouped_split(groups, config.test_share, config.seed)
    committee = train(X[training], y[training], groups[training], config, log)
    baseline_ppm = y[training].mean()
    parts = {"train": training, "test": test}
    rows = [
        {"part": part, **evaluate(committee, X[index], y[index], baseline_ppm)}
        for part, index in parts.items()
    ]
    rows += _leave_one_system_out(X, y, groups, config, log)
    mean, spread = committee.predict(X)
    parity = pd.DataFrame(
        {
            "part": np.where(np.isin(np.arange(len(y)), test), "test", "train"),
            "label_ppm": y,
            "predicted_ppm": mean,
            "predicted_sd_ppm": spread,
        }
    )
    curve = learning_curve(X, y, groups, config, log)
    return Study(pd.DataFrame(rows), parity, curve)


def _leave_one_system_out(X, y, groups, config, log):
    systems = np.array([name.split("/")[0] for name in groups])
    for system in np.unique(systems) if len(np.unique(systems)) > 1 else ():
        rest = systems != system
        if len(np.unique(groups[rest])) < config.committee_size:
            log(f"too few groups to leave {system} out")
            continue
        committee = train(X[rest], y[rest], groups[rest], config, log)
        scores = evaluate(committee, X[~rest], y[~rest], y[rest].mean())
        yield {"part": f"without {system}", **scores}


def learning_curve(X, y, groups, config, log=print):
    """Test error against the number of training labels, over random subsets of groups.

    Returns
    -------
    DataFrame with n_train, rmse_ppm, rmse_sd_ppm, baseline_rmse_ppm
    """
    training, test = grouped_split(groups, config.test_share, config.seed)
    names = np.unique(groups[training])
    rows = []
    for share in LEARNING_CURVE_SHARES:
        n_groups = max(config.committee_size, round(share * len(names)))
        if n_groups > len(names):
            continue
        scores, sizes = [], []
        for repeat in range(LEARNING_CURVE_REPEATS if n_groups < len(names) else 1):
            rng = np.random.default_rng([config.seed, repeat])
            chosen = rng.choice(names, n_groups, replace=False)
            rows_used = training[np.isin(groups[training], chosen)]
            committee = train(X[rows_used], y[rows_used], groups[rows_used], config, log)
            scores.append(evaluate(committee, X[test], y[test], y[rows_used].mean()))
            sizes.append(len(rows_used))
        rmse = [score["rmse_ppm"] for score in scores]
        rows.append(
            {
                "n_train": float(np.mean(sizes)),
                "rmse_ppm": float(np.mean(rmse)),
                "rmse_sd_ppm": float(np.std(rmse, ddof=1)) if len(rmse) > 1 else float("nan"),
                "baseline_rmse_ppm": float(np.mean([s["baseline_rmse_ppm"] for s in scores])),
            }
        )
    return pd.DataFrame(rows)


def _fit(inputs, target, fold, config):
    """Train all members at once; returns their best weights and the epochs used.

    inputs (n_members, n, k), target (n,), fold (n,): rows of fold m stop member m.
    """
    generator = torch.Generator().manual_seed(config.seed)
    n_members, n, k = inputs.shape
    weights = _initial_weights(n_members, [k, *config.hidden], generator)
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


def _reduced(reductions, X):
    stacked = np.stack([reduction(np.asarray(X, float)) for reduction in reductions])
    return torch.tensor(stacked, dtype=torch.float32)


def _principal_axes(centred, n_components):
    """Principal axes (k, d) from the smaller of the two Gram matrices; empty ones are left out."""
    n, d = centred.shape
    gram = centred @ centred.T if n <= d else centred.T @ centred
    size = len(gram)
    values, vectors = scipy.linalg.eigh(gram, subset_by_index=[size - n_components, size - 1])
    kept = np.flatnonzero(values > EIGENVALUE_FLOOR * max(values[-1], 1e-300))[::-1]
    axes = vectors[:, kept].T
    return axes @ centred / np.sqrt(values[kept])[:, None] if n <= d else axes


def _nearest(points, others):
    squares = (points**2).sum(1)[:, None] + (others**2).sum(1) - 2 * points @ others.T
    return np.sqrt(np.maximum(squares.min(axis=1), 0.0))


def _chunks(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _as_tensors(reduction):
    return {
        "mean": torch.tensor(reduction.mean),
        "components": torch.tensor(reduction.components),
        "scale": reduction.scale,
    }


def _from_tensors(part):
    return Reduction(part["mean"].numpy(), part["components"].numpy(), part["scale"])
