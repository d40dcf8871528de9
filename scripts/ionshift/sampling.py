"""Choosing environments to label: a pool drawn from the frames, then a sparse subset."""

import numpy as np

from ionshift.errors import InputError


def draw_pool(n_frames_by_replica, n_centres, size, seed):
    """Draw environments without repetition.

    Returns
    -------
    sorted list of (replica, frame, centre number), at most `size` long
    """
    total = sum(n_frames_by_replica) * n_centres
    chosen = np.random.default_rng(seed).choice(total, size=min(size, total), replace=False)
    starts = np.concatenate([[0], np.cumsum(n_frames_by_replica)])
    pool = []
    for flat in np.sort(chosen):
        snapshot, centre = divmod(int(flat), n_centres)
        replica = int(np.searchsorted(starts, snapshot, side="right") - 1)
        pool.append((replica, int(snapshot - starts[replica]), centre))
    return pool


def choose(method, n, classes, describe, seed):
    """Choose `n` of a pool.

    Parameters
    ----------
    method : random, stratified or farthest_point
    classes : solvation class of each member
    describe : function without arguments that returns the descriptors (n_pool, d);
        called for farthest_point alone

    Returns
    -------
    list of indices into the pool, in the order of choice

    Raises
    ------
    InputError
        if the pool is smaller than `n`.
    """
    if n > len(classes):
        raise InputError(
            f"sampling.n_clusters = {n} is more than the {len(classes)} environments in the "
            "pool; raise sampling.pool_size or run a longer MD"
        )
    rng = np.random.default_rng(seed)
    if method == "random":
        return rng.permutation(len(classes))[:n].tolist()
    if method == "stratified":
        return _stratified(n, classes, rng)
    return farthest_points(describe(), n, start=int(rng.integers(len(classes))))


def _stratified(n, classes, rng):
    """Take turns over the classes present, so that rare ones get as many as frequent ones."""
    order = rng.permutation(len(classes))
    queues = [[i for i in order if classes[i] == name] for name in sorted(set(classes))]
    chosen = []
    while len(chosen) < n:
        for queue in queues:
            if queue and len(chosen) < n:
                chosen.append(int(queue.pop(0)))
    return chosen


def farthest_points(descriptors, n, start):
    """Greedy farthest-point selection by Euclidean distance; returns `n` indices."""
    if n == 0:
        return []
    points = np.asarray(descriptors, float)
    chosen = [start]
    distance = np.linalg.norm(points - points[start], axis=1)
    while len(chosen) < n:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen
