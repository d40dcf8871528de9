"""Choosing what to label next: where the committee disagrees and far from what it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ionshift.config.descriptor import Descriptor
from ionshift.core.errors import InputError
from ionshift.core.provenance import derive_seed
from ionshift.descriptors.registry import check_same, make_descriptor
from ionshift.learning.extrapolation import nearest_distance
from ionshift.solvation import shells
from ionshift.solvation.samplers.farthest_point import farthest_points
from ionshift.solvation.sampling import CHOSEN_COLUMNS
from ionshift.trajectories.trajectory import open_run

if TYPE_CHECKING:
    from ase import Atoms

    from ionshift.config.study import LiquidStudy
    from ionshift.learning.committee import Committee

METHODS = ("random", "disagreement", "distance", "combined")


def choose(
    method: str,
    n: int,
    spread: NDArray[np.float64],
    X: NDArray[np.float64],
    known: NDArray[np.float64],
    seed: int = 0,
) -> list[int]:
    """Choose `n` of the candidates.

    Parameters
    ----------
    method : random; disagreement: the largest spreads; distance: one after another the candidate
        farthest from all known and chosen ones; combined: the same with every distance times the
        spread, so that no two of a batch are alike
    spread : (n_candidates,) standard deviation of the members' predictions
    X, known : (n_candidates, d), (n_known, d) descriptors of the candidates and of the labels

    Returns
    -------
    list of indices into the candidates, in the order of choice
    """
    if method == "random":
        return np.random.default_rng(seed).permutation(len(X))[:n].tolist()
    if method == "disagreement":
        return np.argsort(-spread, kind="stable")[:n].tolist()
    weights = spread if method == "combined" else np.ones(len(X))
    return farthest_points(X, n, distance=nearest_distance(X, known), weights=weights)


def candidates(study: LiquidStudy, results: Path, number: int) -> list[Atoms]:
    """Clusters of a pool of random environments of every system of a finished study.

    Parameters
    ----------
    study : config.Study
    results : Path of the study's results
    number : of the round; every round has another pool
    """
    cutoff_A = shells.read_cutoff_A(results / "shell" / "shell.json")
    clusters = []
    for system in study.systems:
        folders = [results / "md" / system / str(replica) for replica in range(study.md.replicas)]
        finders = [
            shells.ShellFinder(open_run(folder), study.electrolyte, study.shell, cutoff_A)
            for folder in folders
        ]
        seed = derive_seed(study.sampling.seed, "next", number, system)
        clusters += shells.pool_clusters(finders, study.study, system, study.sampling, seed)
    return clusters


def next_labels(
    method: str,
    n: int,
    clusters: Sequence[Atoms],
    labelled: Sequence[Atoms],
    committee: Committee,
    descriptor: Descriptor,
    seed: int = 0,
) -> pd.DataFrame:
    """Choose what to label next among clusters that have no label.

    Parameters
    ----------
    method : see `choose`
    clusters, labelled : lists of Atoms with the origin in `info`; labels with their status
    committee : model.Committee trained on the labels
    descriptor : config.Descriptor

    Returns
    -------
    DataFrame in the order of choice: sampling.CHOSEN_COLUMNS, time_ps, solvation_class,
    the property and its spread (mean and standard deviation of the members, such as shielding_ppm
    and spread_ppm), distance (to the nearest label, in the descriptor)

    Raises
    ------
    InputError
        if fewer than `n` clusters are left, or the descriptor is not the committee's.
    """
    check_same(committee.metadata["descriptor"], descriptor)
    done = {atoms.info["cluster_id"] for atoms in labelled}
    clusters = [atoms for atoms in clusters if atoms.info["cluster_id"] not in done]
    if n > len(clusters):
        raise InputError(
            f"{n} labels are wanted, {len(clusters)} environments without a label are in the "
            "pool; raise sampling.pool_size or choose fewer"
        )
    describer = make_descriptor(descriptor, committee.metadata["species"])
    X = describer.describe(clusters)
    known = describer.describe([atoms for atoms in labelled if atoms.info["status"] == "ok"])
    members = committee.predict_members(X)
    table = pd.DataFrame([atoms.info for atoms in clusters])
    table = table[[*CHOSEN_COLUMNS, "time_ps", "solvation_class"]].copy()
    quantity, spread = committee.quantity, members.std(axis=0, ddof=1)
    table[quantity.target] = members.mean(axis=0)
    table[quantity.column("spread")] = spread
    table["distance"] = nearest_distance(X, known)
    chosen = choose(method, n, spread, X, known, seed)
    return table.iloc[chosen].reset_index(drop=True)
