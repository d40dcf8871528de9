"""How good a model is: held-out errors, systems left out in turn, the learning curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.model import Model
from ionshift.config.registries.properties import SHIELDING, Property
from ionshift.learning.committee import train
from ionshift.learning.power_law import PowerLaw
from ionshift.learning.splits import grouped_split

if TYPE_CHECKING:
    from ionshift.learning.committee import Committee

LEARNING_CURVE_SHARES = (0.25, 0.5, 0.75, 1.0)
LEARNING_CURVE_REPEATS = 3
LEAST_POINTS = 3
"""Points of a learning curve that a power law needs."""


@dataclass
class Study:
    """How good a model is: errors by part, parity of every label, learning curve."""

    metrics: pd.DataFrame
    parity: pd.DataFrame
    learning_curve: pd.DataFrame


def evaluate(
    committee: Committee, X: NDArray[np.float64], y: NDArray[np.float64], baseline: float
) -> dict[str, Any]:
    """Errors on labels the committee has not seen.

    Columns end in the unit of the committee's property, here that of the shielding.

    Returns
    -------
    dict with n, rmse_ppm, mae_ppm, bias_ppm, r2, label_sd_ppm, baseline_rmse_ppm (the error of
    predicting `baseline`, the training mean, throughout), mean_sd_ppm (predicted standard
    deviation), coverage_68 and coverage_90 (share of labels within the intervals that should
    hold 68 % and 90 %)
    """
    y = np.asarray(y, float)
    in_unit = committee.quantity.column
    members = committee.predict_members(X)
    mean = members.mean(axis=0)
    half_68, half_90 = committee.calibration.half_widths(members)
    residual = mean - y
    scatter = np.sum((y - y.mean()) ** 2)
    return {
        "n": len(y),
        in_unit("rmse"): float(np.sqrt(np.mean(residual**2))),
        in_unit("mae"): float(np.mean(np.abs(residual))),
        in_unit("bias"): float(np.mean(residual)),
        "r2": float(1 - np.sum(residual**2) / scatter) if scatter > 0 else float("nan"),
        in_unit("label_sd"): float(y.std(ddof=1)) if len(y) > 1 else float("nan"),
        in_unit("baseline_rmse"): float(np.sqrt(np.mean((y - baseline) ** 2))),
        in_unit("mean_sd"): float(half_68.mean()),
        "coverage_68": _coverage(residual, half_68),
        "coverage_90": _coverage(residual, half_90),
    }


def _coverage(residual, half_width):
    if not np.isfinite(half_width).all():
        return float("nan")
    return float(np.mean(np.abs(residual) <= half_width))


def study(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: Sequence[str] | NDArray[np.str_],
    config: Model,
    log: Callable[[str], None] = print,
    quantity: Property = SHIELDING,
) -> Study:
    """Measure the recipe: a held-out test, every system left out in turn, the learning curve."""
    X, y, groups = np.asarray(X, float), np.asarray(y, float), np.asarray(groups)
    training, test = grouped_split(groups, config.test_share, config.seed)
    committee = train(X[training], y[training], groups[training], config, log, quantity)
    baseline = y[training].mean()
    parts = {"train": training, "test": test}
    scores = {
        part: evaluate(committee, X[index], y[index], baseline) for part, index in parts.items()
    }
    rows = [{"part": part, **values} for part, values in scores.items()]
    rows += _leave_one_system_out(X, y, groups, config, log, quantity)
    members = committee.predict_members(X)
    half_68, half_90 = committee.calibration.half_widths(members)
    parity = pd.DataFrame(
        {
            "part": np.where(np.isin(np.arange(len(y)), test), "test", "train"),
            quantity.column("label"): y,
            quantity.column("predicted"): members.mean(axis=0),
            quantity.column("predicted_sd"): half_68,
            quantity.column("half_width_90"): half_90,
        }
    )
    curve = learning_curve(X, y, groups, config, log, scores["test"], quantity)
    return Study(pd.DataFrame(rows), parity, curve)


def _leave_one_system_out(X, y, groups, config, log, quantity):
    systems = np.array([name.split("/")[0] for name in groups])
    for system in np.unique(systems) if len(np.unique(systems)) > 1 else ():
        rest = systems != system
        if len(np.unique(groups[rest])) < config.committee_size:
            log(f"too few groups to leave {system} out")
            continue
        committee = train(X[rest], y[rest], groups[rest], config, log, quantity)
        scores = evaluate(committee, X[~rest], y[~rest], y[rest].mean())
        yield {"part": f"without {system}", **scores}


def learning_curve(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: NDArray[np.str_],
    config: Model,
    log: Callable[[str], None] = print,
    whole: Mapping[str, Any] | None = None,
    quantity: Property = SHIELDING,
) -> pd.DataFrame:
    """Test error against the number of training labels, over random subsets of groups.

    Parameters
    ----------
    whole : scores of a committee trained on the whole training part; None trains it

    Returns
    -------
    DataFrame with n_train, n_test, rmse_ppm, rmse_sd_ppm (over subsets), baseline_rmse_ppm and
    the columns of `extend`
    """
    training, test = grouped_split(groups, config.test_share, config.seed)
    names = np.unique(groups[training])

    def scores_of(rows):
        committee = train(X[rows], y[rows], groups[rows], config, log, quantity)
        return evaluate(committee, X[test], y[test], y[rows].mean())

    points = []
    sizes = {max(config.committee_size, round(s * len(names))) for s in LEARNING_CURVE_SHARES}
    for n_groups in sorted(size for size in sizes if size < len(names)):
        subsets = [
            np.random.default_rng([config.seed, repeat]).choice(names, n_groups, replace=False)
            for repeat in range(LEARNING_CURVE_REPEATS)
        ]
        rows = [training[np.isin(groups[training], subset)] for subset in subsets]
        points.append(
            _point([len(part) for part in rows], [scores_of(part) for part in rows], quantity)
        )
    points.append(_point([len(training)], [whole or scores_of(training)], quantity))
    target = config.target_rmse_ppm if quantity.unit == SHIELDING.unit else None
    return extend(pd.DataFrame(points), target, config.seed, quantity)


def _point(sizes, scores, quantity):
    in_unit = quantity.column
    rmse = [score[in_unit("rmse")] for score in scores]
    return {
        "n_train": float(np.mean(sizes)),
        "n_test": scores[0]["n"],
        in_unit("rmse"): float(np.mean(rmse)),
        in_unit("rmse_sd"): float(np.std(rmse, ddof=1)) if len(rmse) > 1 else float("nan"),
        in_unit("baseline_rmse"): float(
            np.mean([score[in_unit("baseline_rmse")] for score in scores])
        ),
    }


def extend(
    curve: pd.DataFrame, target_rmse: float | None, seed: int, quantity: Property = SHIELDING
) -> pd.DataFrame:
    """Add the power law through a learning curve and the labels that `target_rmse` needs.

    The relative error of a point is 1/sqrt(2 n_test) (the error of a standard deviation) and the
    scatter over subsets, in squares. Quantiles are those of redrawn points, 16 % and 84 %.

    Returns
    -------
    DataFrame with power_a_ppm, power_b, power_b_err, target_rmse_ppm, n_for_target,
    n_for_target_low, n_for_target_high besides; NaN with fewer than three points
    """
    names = [quantity.column("power_a"), "power_b", "power_b_err"]
    reach = ["n_for_target", "n_for_target_low", "n_for_target_high"]
    target = quantity.column("target_rmse")
    added = dict.fromkeys([*names, target, *reach], float("nan"))
    if target_rmse is not None:
        added[target] = target_rmse
    law = power_law(curve, seed, quantity)
    if law is not None:
        added |= zip(names, (np.exp(law.log_a[0]), law.b[0], law.b.std(ddof=1)), strict=True)
        if target_rmse is not None:
            added |= zip(reach, law.labels_for(target_rmse), strict=True)
    return curve.assign(**added)


def power_law(
    curve: pd.DataFrame, seed: int = 0, quantity: Property = SHIELDING
) -> PowerLaw | None:
    """`PowerLaw` of a learning curve; None with fewer than three points or an error of zero."""
    rmse = curve[quantity.column("rmse")]
    if len(curve) < LEAST_POINTS or not (rmse > 0).all():
        return None
    scatter = (curve[quantity.column("rmse_sd")] / rmse).fillna(0.0)
    return PowerLaw.fit(
        curve["n_train"],
        rmse,
        np.sqrt(1 / (2 * curve["n_test"]) + scatter**2),
        seed,
    )
