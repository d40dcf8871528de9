"""Solvation classes and nuclei take turns."""

from itertools import zip_longest

import numpy as np
import pandas as pd

from ionshift.solvation.sampling import Pool


def choose(n: int, pool: Pool, rng: np.random.Generator) -> list[int]:
    """Classes take turns, so that rare ones get as many as frequent ones, and so do the nuclei of
    a class, for one nucleus looks much the same in all frames of a short run.
    """
    members = pd.DataFrame({"solvation_class": pool.classes, "nucleus": pool.nuclei})
    members = members.iloc[rng.permutation(len(members))]
    return _taking_turns(
        _taking_turns(nucleus.index for _, nucleus in of_class.groupby("nucleus", sort=False))
        for _, of_class in members.groupby("solvation_class")
    )[:n]


def _taking_turns(queues):
    """One item of every queue after another, for as long as each lasts."""
    rounds = zip_longest(*queues)
    return [int(item) for taken in rounds for item in taken if item is not None]
