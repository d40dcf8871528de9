"""How good a model is: held-out errors, systems left out in turn, the learning curve."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ionshift.model.committee import train
from ionshift.splits import grouped_split

LEARNING_CURVE_SHARES = (0.25, 0.5, 0.75, 1.0)
LEARNING_CURVE_REPEATS = 3


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
