"""Comparisons on a label set (the LMBTR kernel against DScribe, recipes, what to label next) and
the cost of inference."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.descriptors.registry import NucleusDescriptor, elements_of, make_descriptor
from ionshift.labels.sets import read_label_set
from ionshift.labels.training_set import training_set
from ionshift.learning import active, evaluation
from ionshift.learning import committee as model_committee
from ionshift.learning import evaluation as model_evaluation
from ionshift.learning.pca import Moments
from ionshift.learning.splits import grouped_split
from ionshift.solvation.environments import count, in_chunks

if TYPE_CHECKING:
    from ase import Atoms

    from ionshift.nmr.inference import Predictor
    from ionshift.solvation.shells import ShellFinder

SCORES = (
    "rmse_ppm",
    "mae_ppm",
    "r2",
    "baseline_rmse_ppm",
    "mean_sd_ppm",
    "coverage_68",
    "coverage_90",
    "train_cpu_s",
)

CHUNK = 500
"""Environments at a time."""
BLOCK = 20
"""Frames of one group."""


HELD_OUT = {"blocks": Model().group_ps, "replicas": float("inf")}
"""What a split holds out whole, and the time in ps that makes it a group."""


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
        fast, kernel_s = _timed(lambda one=kernel: one.describe(clusters), repeats)
        slow, dscribe_s = _timed(lambda one=dscribe: one.describe(clusters), 1)
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
    y_ppm: NDArray[np.float64],
    groups: Sequence[str] | NDArray[np.str_],
    candidates: Iterable[tuple[str, Model, Descriptor, int]],
    log: Callable[[str], None] = print,
) -> pd.DataFrame:
    """Scores of recipes on the same repeated grouped splits.

    Parameters
    ----------
    candidates : list of (name, config.Model, config.Descriptor, n_splits); split s has seed s

    Returns
    -------
    DataFrame, one row a candidate and split: recipe, split, n_train, n_test and `SCORES`
    """
    y, groups = np.asarray(y_ppm, float), np.asarray(groups)
    species = elements_of(clusters)
    rows = []
    for name, config, descriptor, n_splits in candidates:
        X = make_descriptor(descriptor, species).describe(clusters)
        for split in range(1, n_splits + 1):
            training, test = grouped_split(groups, config.test_share, split)
            committee, train_s = _timed(
                lambda rows=training, X=X, config=config: model_committee.train(
                    X[rows], y[rows], groups[rows], config, lambda text: None
                )
            )
            scores = model_evaluation.evaluate(committee, X[test], y[test], y[training].mean())
            scores |= {"train_cpu_s": train_s, "n_train": len(training), "n_test": len(test)}
            columns = ("n_train", "n_test", *SCORES)
            rows.append({"recipe": name, "split": split, **{key: scores[key] for key in columns}})
            log(f"{name}, split {split}: RMSE {scores['rmse_ppm']:.3f} ppm, {train_s:.0f} s")
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over splits of every score, one row a recipe."""
    grouped = table.groupby("recipe", sort=False)
    columns = {"n_splits": grouped.size(), "n_train": grouped["n_train"].mean()}
    for score in SCORES:
        columns[score] = grouped[score].mean()
        columns[f"{score}_sd"] = grouped[score].std(ddof=1)
    return pd.DataFrame(columns).reset_index()


def learning_curves(
    X: NDArray[np.float64],
    y_ppm: NDArray[np.float64],
    groups: NDArray[np.str_],
    config: Model,
    seeds: Iterable[int],
    log: Callable[[str], None] = print,
) -> pd.DataFrame:
    """Learning curves (`evaluation.learning_curve`) over repeated grouped splits.

    Parameters
    ----------
    X, y_ppm, groups : (n, d) descriptors, (n,) shieldings, (n,) names of groups
    config : config.Model; its seed is replaced by each of `seeds`

    Returns
    -------
    DataFrame with seed, point (its place on the curve), n_train, n_test, rmse_ppm and
    baseline_rmse_ppm
    """
    columns = ["seed", "point", "n_train", "n_test", "rmse_ppm", "baseline_rmse_ppm"]
    tables = []
    for seed in seeds:
        split = config.model_copy(update={"seed": seed})
        curve = evaluation.learning_curve(X, y_ppm, groups, split, lambda text: None)
        tables.append(curve.assign(seed=seed, point=range(len(curve)))[columns])
        log(f"seed {seed}: " + ", ".join(f"{rmse:.3f}" for rmse in curve["rmse_ppm"]) + " ppm")
    return pd.concat(tables, ignore_index=True)


def learning_summary(table: pd.DataFrame, target_rmse_ppm: float | None) -> pd.DataFrame:
    """Means over the splits of every point of `learning_curves`, and their power law.

    Returns
    -------
    DataFrame with n_splits, n_train, n_test, rmse_ppm, rmse_sd_ppm (over splits), rmse_err_ppm (of
    the mean; splits share labels, so it is too small) and the columns of `evaluation.extend`
    """
    grouped = table.groupby("point")
    n_splits = grouped.size()
    curve = grouped[["n_train", "n_test", "rmse_ppm", "baseline_rmse_ppm"]].mean()
    curve["n_splits"] = n_splits
    curve["rmse_sd_ppm"] = grouped["rmse_ppm"].std(ddof=1)
    curve["rmse_err_ppm"] = curve["rmse_sd_ppm"] / np.sqrt(n_splits)
    return evaluation.extend(curve.reset_index(drop=True), target_rmse_ppm, seed=0)


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
    y_ppm: NDArray[np.float64],
    groups: Sequence[str] | NDArray[np.str_],
    config: Model,
    n_start: int,
    n_batch: int,
    seeds: Iterable[int],
    weights: NDArray[np.float64] | None = None,
    log: Callable[[str], None] = print,
) -> pd.DataFrame:
    """Test error while a training set grows by each of `active.METHODS`, on finished labels.

    Every seed has its own grouped split and its own random start, the same for all methods; then
    batches are moved from what is left of the training part until less than a batch is left.

    Parameters
    ----------
    X, y_ppm, groups : (n, d) descriptors, (n,) shieldings, (n,) names of groups
    config : config.Model
    weights : (n,), see `md_weights`; the training part is thinned at random in proportion to them,
        so that the choice is from what random environments of the MD would be. None: all alike.

    Returns
    -------
    DataFrame with method, seed, n_train, n_pool, n_test, rmse_ppm, weighted_rmse_ppm (every test
    label by its weight), baseline_rmse_ppm
    """
    y, groups = np.asarray(y_ppm, float), np.asarray(groups)
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
                    X[chosen], y[chosen], groups[chosen], config, lambda text: None
                )
                scores = model_evaluation.evaluate(committee, X[test], y[test], y[chosen].mean())
                squares = (committee.predict(X[test])[0] - y[test]) ** 2
                rows.append(
                    {"method": method, "seed": seed, "n_train": len(chosen)}
                    | {"n_pool": len(training), "n_test": len(test)}
                    | {name: scores[name] for name in ("rmse_ppm", "baseline_rmse_ppm")}
                    | {"weighted_rmse_ppm": np.sqrt(np.average(squares, weights=weights[test]))}
                )
                if len(left) < n_batch:
                    break
                spread_ppm = committee.predict_members(X[left]).std(axis=0, ddof=1)
                batch = left[active.choose(method, n_batch, spread_ppm, X[left], X[chosen], seed)]
                chosen, left = np.concatenate([chosen, batch]), np.setdiff1d(left, batch)
        log(f"seed {seed}: {len(training)} labels to choose from, {len(test)} held out")
    return pd.DataFrame(rows)


def choice_summary(table: pd.DataFrame, error: str = "rmse_ppm") -> pd.DataFrame:
    """Mean over seeds of every method and size, and of its difference to random choice.

    Sizes that not every seed reaches are left out.

    Parameters
    ----------
    table : of `compare_choices`
    error : the column to summarize, as rmse_ppm of what is returned

    Returns
    -------
    DataFrame with method, n_train (NaN: the mean over all sizes but the first, which is the same
    for all), n_seeds, rmse_ppm, rmse_sd_ppm (over seeds), against_random_ppm and its standard
    error against_random_err_ppm, from the differences of each seed
    """
    table = table[["method", "seed", "n_train"]].assign(rmse_ppm=table[error])
    table = table[table.groupby("n_train")["seed"].transform("nunique") == table["seed"].nunique()]
    chosen = table[table["n_train"] > table["n_train"].min()]
    over_sizes = chosen.groupby(["method", "seed"], sort=False, as_index=False)["rmse_ppm"].mean()
    rows = pd.concat([table, over_sizes], ignore_index=True)
    random = rows.loc[rows["method"] == "random", ["seed", "n_train", "rmse_ppm"]]
    rows = rows.merge(random, on=["seed", "n_train"], suffixes=("", "_random"))
    rows["difference"] = rows["rmse_ppm"] - rows["rmse_ppm_random"]
    grouped = rows.groupby(["method", "n_train"], sort=False, dropna=False)
    n_seeds = grouped.size()
    return pd.DataFrame(
        {
            "n_seeds": n_seeds,
            "rmse_ppm": grouped["rmse_ppm"].mean(),
            "rmse_sd_ppm": grouped["rmse_ppm"].std(ddof=1),
            "against_random_ppm": grouped["difference"].mean(),
            "against_random_err_ppm": grouped["difference"].std(ddof=1) / np.sqrt(n_seeds),
        }
    ).reset_index()


def inference_cost(
    finders: Sequence[ShellFinder],
    descriptor: NucleusDescriptor,
    predictor: Predictor,
    stride: int,
    chunk_size: int,
    n: int,
    log: Callable[[str], None] = print,
) -> pd.DataFrame:
    """CPU time and memory of the two passes over the environments of a study.

    The passes are those of the workflow: the moments of the descriptors, and the prediction with
    its table on disk. With fewer than `n` environments in the trajectories, all frames are read
    again, as often as it takes.

    Parameters
    ----------
    finders : list of solvation.ShellFinder
    descriptor : the descriptor whose moments are taken
    predictor : inference.Predictor
    stride, chunk_size : as in the workflow
    n : least number of environments

    Returns
    -------
    DataFrame with step, n_environments, times_read (each frame), cpu_s, cpu_ms (an environment)
    and peak_memory_MB of the process so far
    """
    times_read = -(-n // count(finders, stride))
    finders = list(finders) * times_read
    total = count(finders, stride)

    def take_moments():
        moments = Moments.empty(descriptor.n_features)
        for _, geometries in in_chunks(finders, stride, chunk_size):
            moments.add(descriptor.describe(geometries))
            log(f"moments: {moments.n}/{total} environments")

    def predict():
        with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
            predictor.write(finders, stride, chunk_size, file.name, log)

    rows = []
    for name, step in (("moments of descriptors", take_moments), ("prediction", predict)):
        _, cpu_s = _timed(step)
        rows.append(
            {
                "step": name,
                "n_environments": total,
                "times_read": times_read,
                "cpu_s": cpu_s,
                "cpu_ms": 1e3 * cpu_s / total,
                "peak_memory_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    return pd.DataFrame(rows)


def training_cost(
    finders: Sequence[ShellFinder],
    predictor: Predictor,
    descriptor: NucleusDescriptor,
    config: Model,
    stride: int,
    n: int,
    seed: int = 1,
    log: Callable[[str], None] = print,
) -> pd.DataFrame:
    """CPU time of training a committee on `n` environments of a study.

    There are not that many labels to time it with, so a trained model teaches: the targets are its
    shieldings with normal noise as large as its own uncertainty.

    Parameters
    ----------
    finders, predictor, stride : as in `inference_cost`
    descriptor : that of the training
    config : config.Model

    Returns
    -------
    DataFrame of one row, with step, n_environments, cpu_s and peak_memory_MB
    """
    total = count(finders, stride)
    chosen = set(np.linspace(0, total - 1, min(n, total)).astype(int))
    rows: list[NDArray[np.float64]] = []
    targets: list[Any] = []
    groups: list[str] = []
    seen = 0
    rng = np.random.default_rng(seed)
    for records, geometries in in_chunks(finders, stride, CHUNK):
        kept = [i for i in range(len(records)) if seen + i in chosen]
        seen += len(records)
        taught = predictor.predict(geometries)[0].iloc[kept]
        noise = rng.normal(size=len(kept)) * taught["shift_sd_ppm"]
        targets.append(taught["shielding_ppm"] + noise)
        rows.append(descriptor.describe(geometries)[kept])
        groups += [f"{records[i]['replica']}/b/{records[i]['frame'] // BLOCK}" for i in kept]
    X, y = np.concatenate(rows), np.concatenate(targets)
    _, cpu_s = _timed(lambda: model_committee.train(X, y, groups, config, log))
    return pd.DataFrame(
        [
            {
                "step": "training of the committee",
                "n_environments": len(y),
                "cpu_s": cpu_s,
                "cpu_ms": 1e3 * cpu_s / len(y),
                "peak_memory_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        ]
    )


def _timed(call, repeats=1):
    """Result of `call` and its CPU seconds, the mean of `repeats` runs."""
    start = time.process_time()
    for _ in range(repeats):
        result = call()
    return result, (time.process_time() - start) / repeats
