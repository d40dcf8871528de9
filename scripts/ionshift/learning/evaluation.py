"""How good a model is: held-out errors, systems left out in turn, the learning curve."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ionshift.learning.committee import train
from ionshift.learning.power_law import PowerLaw
from ionshift.learning.splits import grouped_split

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


def evaluate(committee, X, y_ppm, baseline_ppm):
    """Errors on labels the committee has not seen.

    Returns
    -------
    dict with n, rmse_ppm, mae_ppm, bias_ppm, r2, label_sd_ppm, baseline_rmse_ppm (the error of
    predicting `baseline_ppm`, the training mean, throughout), mean_sd_ppm (predicted standard
    deviation), coverage_68 and coverage_90 (share of labels within the intervals that should
    hold 68 % and 90 %)
    """
    y = np.asarray(y_ppm, float)
    members = committee.predict_members(X)
    mean = members.mean(axis=0)
    half_68, half_90 = committee.calibration.half_widths(members)
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
        "mean_sd_ppm": float(half_68.mean()),
        "coverage_68": _coverage(residual, half_68),
        "coverage_90": _coverage(residual, half_90),
    }


def _coverage(residual, half_width):
    if not np.isfinite(half_width).all():
        return float("nan")
    return float(np.mean(np.abs(residual) <= half_width))


def study(X, y_ppm, groups, config, log=print):
    """Measure the recipe: a held-out test, every system left out in turn, the learning curve."""
    X, y, groups = np.asarray(X, float), np.asarray(y_ppm, float), np.asarray(groups)
    training, test = grouped_split(groups, config.test_share, config.seed)
    committee = train(X[training], y[training], groups[training], config, log)
    baseline_ppm = y[training].mean()
    parts = {"train": training, "test": test}
    scores = {
        part: evaluate(committee, X[index], y[index], baseline_ppm) for part, index in parts.items()
    }
    rows = [{"part": part, **values} for part, values in scores.items()]
    rows += _leave_one_system_out(X, y, groups, config, log)
    members = committee.predict_members(X)
    half_68, half_90 = committee.calibration.half_widths(members)
    parity = pd.DataFrame(
        {
            "part": np.where(np.isin(np.arange(len(y)), test), "test", "train"),
            "label_ppm": y,
            "predicted_ppm": members.mean(axis=0),
            "predicted_sd_ppm": half_68,
            "half_width_90_ppm": half_90,
        }
    )
    curve = learning_curve(X, y, groups, config, log, whole=scores["test"])
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


def learning_curve(X, y, groups, config, log=print, whole=None):
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
        committee = train(X[rows], y[rows], groups[rows], config, log)
        return evaluate(committee, X[test], y[test], y[rows].mean())

    points = []
    sizes = {max(config.committee_size, round(s * len(names))) for s in LEARNING_CURVE_SHARES}
    for n_groups in sorted(size for size in sizes if size < len(names)):
        subsets = [
            np.random.default_rng([config.seed, repeat]).choice(names, n_groups, replace=False)
            for repeat in range(LEARNING_CURVE_REPEATS)
        ]
        rows = [training[np.isin(groups[training], subset)] for subset in subsets]
        points.append(_point([len(part) for part in rows], [scores_of(part) for part in rows]))
    points.append(_point([len(training)], [whole or scores_of(training)]))
    return extend(pd.DataFrame(points), config.target_rmse_ppm, config.seed)


def _point(sizes, scores):
    rmse = [score["rmse_ppm"] for score in scores]
    return {
        "n_train": float(np.mean(sizes)),
        "n_test": scores[0]["n"],
        "rmse_ppm": float(np.mean(rmse)),
        "rmse_sd_ppm": float(np.std(rmse, ddof=1)) if len(rmse) > 1 else float("nan"),
        "baseline_rmse_ppm": float(np.mean([score["baseline_rmse_ppm"] for score in scores])),
    }


def extend(curve, target_rmse_ppm, seed):
    """Add the power law through a learning curve and the labels that `target_rmse_ppm` needs.

    The relative error of a point is 1/sqrt(2 n_test) (the error of a standard deviation) and the
    scatter over subsets, in squares. Quantiles are those of redrawn points, 16 % and 84 %.

    Returns
    -------
    DataFrame with power_a_ppm, power_b, power_b_err, target_rmse_ppm, n_for_target,
    n_for_target_low, n_for_target_high besides; NaN with fewer than three points
    """
    names = ["power_a_ppm", "power_b", "power_b_err"]
    reach = ["n_for_target", "n_for_target_low", "n_for_target_high"]
    added = dict.fromkeys([*names, "target_rmse_ppm", *reach], float("nan"))
    if target_rmse_ppm is not None:
        added["target_rmse_ppm"] = target_rmse_ppm
    law = power_law(curve, seed)
    if law is not None:
        added |= zip(names, (np.exp(law.log_a[0]), law.b[0], law.b.std(ddof=1)), strict=True)
        if target_rmse_ppm is not None:
            added |= zip(reach, law.labels_for(target_rmse_ppm), strict=True)
    return curve.assign(**added)


def power_law(curve, seed=0):
    """`PowerLaw` of a learning curve; None with fewer than three points or an error of zero."""
    if len(curve) < LEAST_POINTS or not (curve["rmse_ppm"] > 0).all():
        return None
    scatter = (curve["rmse_sd_ppm"] / curve["rmse_ppm"]).fillna(0.0)
    return PowerLaw.fit(
        curve["n_train"],
        curve["rmse_ppm"],
        np.sqrt(1 / (2 * curve["n_test"]) + scatter**2),
        seed,
    )
