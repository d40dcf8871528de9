"""What inference costs: its two passes over the environments of a study, and the training."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.model import Model
from ionshift.core.timing import cpu_time
from ionshift.descriptors.registry import NucleusDescriptor
from ionshift.learning import committee as model_committee
from ionshift.learning.pca import Moments
from ionshift.nmr.inference import Predictor
from ionshift.solvation.environments import count, in_chunks

if TYPE_CHECKING:
    from ionshift.solvation.shells import ShellFinder

CHUNK = 500
"""Environments at a time."""
BLOCK = 20
"""Frames of one group."""


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
        _, cpu_s = cpu_time(step)
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
    _, cpu_s = cpu_time(lambda: model_committee.train(X, y, groups, config, log))
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
