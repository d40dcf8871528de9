"""Any environments of the pool."""


def choose(n, pool, rng):
    """Any `n` of the `Pool`."""
    return rng.permutation(len(pool.classes))[:n].tolist()
