"""Any environments of the pool."""

import numpy as np

from ionshift.solvation.sampling import Pool


def choose(n: int, pool: Pool, rng: np.random.Generator) -> list[int]:
    """Any `n` of the `Pool`."""
    return rng.permutation(len(pool.classes))[:n].tolist()
