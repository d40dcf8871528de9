"""Comparisons on a label set: the LMBTR kernel against DScribe, recipes, what to label next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.config.registries.properties import SHIELDING, Property
from ionshift.core.timing import cpu_time
from ionshift.descriptors.registry import elements_of, make_descriptor
from ionshift.labels.sets import read_label_set
from ionshift.labels.training_set import training_set
from ionshift.learning import active, evaluation
from ionshift.learning import committee as model_committee
from ionshift.learning import evaluation as model_evaluation
from ionshift.learning.splits import grouped_split

if TYPE_CHECKING:
    from ase import Atoms


HELD_OUT = {"blocks": Model().group_ps, "replicas": float("inf")}
"""What a split holds out whole, and the time in ps that makes it a group."""


def scores_of(quantity: Property) -> list[str]:
    """Columns of a recipe's scores: errors end in the unit of what is learned."""
    in_unit = quantity.column
    errors = [in_unit("rmse"), in_unit("mae"), "r2", in_unit("baseline_rmse"), in_unit("mean_sd")]
    return [*errors, "coverage_68", "coverage_90", "train_cpu_s"]


def labelled(
    sources: Iterable[str | Path], held_out: str = "blocks"
) -> tuple[list[Atoms], pd.DataFrame]:
    """Clusters of label sets and their table with groups of `HELD_OUT`, see `training_set`."""
    clusters = [atoms for source in sources for atoms in read_label_set(source)]
    return training_set(clusters, float(clusters[0].info["cutoff_A"]), HELD_OUT[held_out])


def kernel_against_dscribe(
    clusters: Sequence[Atoms], descriptors: Mapping[str, Descriptor], repeats: int = 5
) -> pd.DataFrame:
    """Cost and difference of the two LMBTR backends.

    Parameters
    ----------
    descriptors : dict of name to config.Descriptor

    Returns
    -------
    DataFrame with descriptor, n_features, kernel_cpu_ms and dscribe_cpu_ms (an environment),
    ratio, largest_difference (over the largest value)
    """
    species = elements_of(clusters)
    rows = []
    for name, config in descriptors.items():
        kernel, dscribe = (
            make_descriptor(config.model_copy(update={"backend": backend}), species)
            for backend in ("numba", "dscribe")
        )
        kernel.describe(clusters[:1])
        fast, kernel_s = cpu_time(lambda one=kernel: one.describe(clusters), repeats)
        slow, dscribe_s = cpu_time(lambda one=dscribe: one.describe(clusters), 1)
        rows.append(
            {
                "descriptor": name,
                "n_features": fast.shape[1],
                "kernel_cpu_ms": 1e3 * kernel_s / len(clusters),
                "dscribe_cpu_ms": 1e3 * dscribe_s / len(clusters),
                "ratio": dscribe_s / kernel_s,
                "largest_difference": np.abs(fast - slow).max() / np.abs(slow).max(),
            }
        )
    return pd.DataFrame(rows)


def compare_recipes(
    clusters: Sequence[Atoms],
    y: NDArray[np.float64],
    groups: Sequence[str] | NDArray[np.str_],
    candidates: Iterable[tuple[str, Model, Descriptor, int]],
    log: Callable[[str], None] = print,
    quantity: Property = SHIELDING,
) -> pd.DataFrame:
    """Scores of recipes on the same repeated grouped splits.

    Parameters
    ----------
    y : (n,) labels of `quantity`
    candidates : list of (name, config.Model, config.Descriptor, n_splits); split s has seed s

    Returns
    -------
    DataFrame, one row a candidate and split: recipe, split, n_train, n_test and `scores_of`
    """
    y, groups = np.asarray(y, float), np.asarray(groups)
    species = elements_of(clusters)
    rows = []
    for name, config, descriptor, n_splits in candidates:
        X = make_descriptor(descriptor, species).describe(clusters)
        for split in range(1, n_splits + 1):
            training, test = grouped_split(groups, config.test_share, split)
            committee, train_s = cpu_time(
                lambda rows=training, X=X, config=config: model_committee.train(
                    X[rows], y[rows], groups[rows], config, lambda text: None, quantity
                )
            )
            scores = model_evaluation.evaluate(committee, X[test], y[test], y[training].mean())
            scores |= {"train_cpu_s": train_s, "n_train": len(training), "n_test": len(test)}
            columns = ("n_train", "n_test", *scores_of(quantity))
            rows.append({"recipe": name, "split": split, **{key: scores[key] for key in columns}})
            rmse = scores[quantity.column("rmse")]
            log(f"{name}, split {split}: RMSE {rmse:.3f} {quantity.unit}, {train_s:.0f} s")
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame, quantity: Property = SHIELDING) -> pd.DataFrame:
    """Mean and standard deviation over splits of every score, one row a recipe."""
    grouped = table.groupby("recipe", sort=False)
    columns = {"n_splits": grouped.size(), "n_train": grouped["n_train"].mean()}
    for score in scores_of(quantity):
        columns[score] = grouped[score].mean()
        columns[f"{score}_sd"] = grouped[score].std(ddof=1)
    return pd.DataFrame(columns).reset_index()


def learning_curves(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: NDArray[np.str_],
    config: Model,
    seeds: Iterable[int],
    log: Callable[[str], None] = print,
    quantity: Property = SHIELDING,
) -> pd.DataFrame:
    """Learning curves (`evaluation.learning_curve`) over repeated grouped splits.

    Parameters
    ----------
    X, y, groups : (n, d) descriptors, (n,) labels of `quantity`, (n,) names of groups
    config : config.Model; its seed is replaced by each of `seeds`

    Returns
    -------
    DataFrame with seed, point (its place on the curve), n_train, n_test, rmse and baseline_rmse,
    which end in the unit
    """
    rmse, baseline = quantity.column("rmse"), quantity.column("baseline_rmse")
    columns = ["seed", "point", "n_train", "n_test", rmse, baseline]
    tables = []
    for seed in seeds:
        split = config.model_copy(update={"seed": seed})
        curve = evaluation.learning_curve(X, y, groups, split, lambda text: None, quantity=quantity)
        tables.append(curve.assign(seed=seed, point=range(len(curve)))[columns])
        errors = ", ".join(f"{error:.3f}" for error in curve[rmse])
        log(f"seed {seed}: {errors} {quantity.unit}")
    return pd.concat(tables, ignore_index=True)


def learning_summary(
    table: pd.DataFrame, target_rmse: float | None, quantity: Property = SHIELDING
) -> pd.DataFrame:
    """Means over the splits of every point of `learning_curves`, and their power law.

    Returns
    -------
    DataFrame with n_splits, n_train, n_test, rmse, rmse_sd (over splits), rmse_err (of the mean;
    splits share labels, so it is too small), which end in the unit, and the columns of
    `evaluation.extend`
    """
    rmse, sd = quantity.column("rmse"), quantity.column("rmse_sd")
    grouped = table.groupby("point")
    n_splits = grouped.size()
    curve = grouped[["n_train", "n_test", rmse, quantity.column("baseline_rmse")]].mean()
    curve["n_splits"] = n_splits
    curve[sd] = grouped[rmse].std(ddof=1)
    curve[quantity.column("rmse_err")] = curve[sd] / np.sqrt(n_splits)
    return evaluation.extend(curve.reset_index(drop=True), target_rmse, 0, quantity)


def md_weights(
    table: pd.DataFrame, shares: Mapping[str, Mapping[str, float]]
) -> NDArray[np.float64]:
    """Weights that give labels the frequencies of the solvation classes in the MD.

    Parameters
    ----------
    table : DataFrame with system and solvation_class, one row a label
    shares : dict of system to dict of class to its share of the environments of the MD

    Returns
    -------
    (n,) share of the label's class in the MD over its share of the labels, both of its system
    """
    of_labels = table.groupby(["system", "solvation_class"])["system"].transform("size")
    of_labels = of_labels / table.groupby("system")["system"].transform("size")
    in_md = [
        shares[system].get(name, 0.0)
        for system, name in zip(table["system"], table["solvation_class"], strict=True)
    ]
    return np.array(in_md) / of_labels.to_numpy()


def compare_choices(
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: Sequence[str] | NDArray[np.str_],
    config: Model,
    n_start: int,
    n_batch: int,
    seeds: Iterable[int],
    weights: NDArray[np.float64] | None = None,
    log: Callable[[str], None] = print,
    quantity: Property = SHIELDING,
) -> pd.DataFrame:
    """Test error while a training set grows by each of `active.METHODS`, on finished labels.

    Every seed has its own grouped split and its own random start, the same for all methods; then
    batches are moved from what is left of the training part until less than a batch is left.

    Parameters
    ----------
    X, y, groups : (n, d) descriptors, (n,) labels of `quantity`, (n,) names of groups
    config : config.Model
    weights : (n,), see `md_weights`; the training part is thinned at random in proportion to them,
        so that the choice is from what random environments of the MD would be. None: all alike.

    Returns
    -------
    DataFrame with method, seed, n_train, n_pool, n_test, rmse, weighted_rmse (every test label by
    its weight), baseline_rmse, which end in the unit
    """
    y, groups = np.asarray(y, float), np.asarray(groups)
    errors = [quantity.column(name) for name in ("rmse", "baseline_rmse")]
    weighted = quantity.column("weighted_rmse")
    weights = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    rows = []
    for seed in seeds:
        training, test = grouped_split(groups, config.test_share, seed)
        rng = np.random.default_rng(seed)
        start = rng.permutation(training)
        start = start[rng.random(len(start)) < weights[start] / weights.max()]
        training, start = np.sort(start), start[:n_start]
        for method in active.METHODS:
            chosen, left = start, np.setdiff1d(training, start)
            while True:
                committee = model_committee.train(
                    X[chosen], y[chosen], groups[chosen], config, lambda text: None, quantity
                )
                scores = model_evaluation.evaluate(committee, X[test], y[test], y[chosen].mean())
                squares = (committee.predict(X[test])[0] - y[test]) ** 2
                rows.append(
                    {"method": method, "seed": seed, "n_train": len(chosen)}
                    | {"n_pool": len(training), "n_test": len(test)}
                    | {name: scores[name] for name in errors}
                    | {weighted: np.sqrt(np.average(squares, weights=weights[test]))}
                )
                if len(left) < n_batch:
                    break
                spread = committee.predict_members(X[left]).std(axis=0, ddof=1)
                batch = left[active.choose(method, n_batch, spread, X[left], X[chosen], seed)]
                chosen, left = np.concatenate([chosen, batch]), np.setdiff1d(left, batch)
        log(f"seed {seed}: {len(training)} labels to choose from, {len(test)} held out")
    return pd.DataFrame(rows)


def choice_summary(
    table: pd.DataFrame, error: str = "rmse", quantity: Property = SHIELDING
) -> pd.DataFrame:
    """Mean over seeds of every method and size, and of its difference to random choice.

    Sizes that not every seed reaches are left out.

    Parameters
    ----------
    table : of `compare_choices`
    error : what to summarize, rmse or weighted_rmse; called rmse in what is returned

    Returns
    -------
    DataFrame with method, n_train (NaN: the mean over all sizes but the first, which is the same
    for all), n_seeds; rmse, rmse_sd (over seeds), against_random and its standard error
    against_random_err, from the differences of each seed, which end in the unit
    """
    table = table[["method", "seed", "n_train"]].assign(rmse=table[quantity.column(error)])
    table = table[table.groupby("n_train")["seed"].transform("nunique") == table["seed"].nunique()]
    chosen = table[table["n_train"] > table["n_train"].min()]
    over_sizes = chosen.groupby(["method", "seed"], sort=False, as_index=False)["rmse"].mean()
    rows = pd.concat([table, over_sizes], ignore_index=True)
    random = rows.loc[rows["method"] == "random", ["seed", "n_train", "rmse"]]
    rows = rows.merge(random, on=["seed", "n_train"], suffixes=("", "_random"))
    rows["difference"] = rows["rmse"] - rows["rmse_random"]
    grouped = rows.groupby(["method", "n_train"], sort=False, dropna=False)
    n_seeds, in_unit = grouped.size(), quantity.column
    return pd.DataFrame(
        {
            "n_seeds": n_seeds,
            in_unit("rmse"): grouped["rmse"].mean(),
            in_unit("rmse_sd"): grouped["rmse"].std(ddof=1),
            in_unit("against_random"): grouped["difference"].mean(),
            in_unit("against_random_err"): grouped["difference"].std(ddof=1) / np.sqrt(n_seeds),
        }
    ).reset_index()
