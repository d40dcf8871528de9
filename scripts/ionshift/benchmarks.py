"""The LMBTR kernel against DScribe and the recipes, on a label set; the cost of inference."""

import resource
import tempfile
import time

import numpy as np
import pandas as pd

from ionshift import model
from ionshift.descriptor import elements_of, make_descriptor
from ionshift.environments import count, in_chunks
from ionshift.pca import Moments
from ionshift.splits import grouped_split

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


def kernel_against_dscribe(clusters, descriptors, repeats=5):
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


def compare_recipes(clusters, y_ppm, groups, candidates, log=print):
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
                lambda rows=training, X=X, config=config: model.train(
                    X[rows], y[rows], groups[rows], config, lambda text: None
                )
            )
            scores = model.evaluate(committee, X[test], y[test], y[training].mean())
            scores |= {"train_cpu_s": train_s, "n_train": len(training), "n_test": len(test)}
            columns = ("n_train", "n_test", *SCORES)
            rows.append({"recipe": name, "split": split, **{key: scores[key] for key in columns}})
            log(f"{name}, split {split}: RMSE {scores['rmse_ppm']:.3f} ppm, {train_s:.0f} s")
    return pd.DataFrame(rows)


def summary(table):
    """Mean and standard deviation over splits of every score, one row a recipe."""
    grouped = table.groupby("recipe", sort=False)
    columns = {"n_splits": grouped.size(), "n_train": grouped["n_train"].mean()}
    for score in SCORES:
        columns[score] = grouped[score].mean()
        columns[f"{score}_sd"] = grouped[score].std(ddof=1)
    return pd.DataFrame(columns).reset_index()


def inference_cost(finders, descriptor, predictor, stride, chunk_size, n, log=print):
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
    finders = finders * times_read
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


def _timed(call, repeats=1):
    """Result of `call` and its CPU seconds, the mean of `repeats` runs."""
    start = time.process_time()
    for _ in range(repeats):
        result = call()
    return result, (time.process_time() - start) / repeats
