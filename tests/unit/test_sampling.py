import numpy as np
import pytest

from ionshift import sampling
from ionshift.errors import InputError


def no_descriptors():
    raise AssertionError("descriptors are not needed here")


def test_pool_is_reproducible_and_unique():
    one = sampling.draw_pool([10, 20], 5, 60, seed=4)
    assert one == sampling.draw_pool([10, 20], 5, 60, seed=4)
    assert one != sampling.draw_pool([10, 20], 5, 60, seed=5)
    assert len(set(one)) == 60
    assert all(frame < (10 if replica == 0 else 20) for replica, frame, _ in one)


def test_pool_of_everything_covers_everything():
    pool = sampling.draw_pool([3, 2], 4, 1000, seed=0)
    assert len(set(pool)) == 20


def test_stratified_favours_rare_classes():
    classes = ["SSIP"] * 90 + ["CIP"] * 8 + ["AGG"] * 2
    chosen = sampling.choose("stratified", 9, classes, no_descriptors, seed=1)
    counts = {name: sum(classes[i] == name for i in chosen) for name in set(classes)}
    assert counts["AGG"] == 2
    assert sorted([counts["CIP"], counts["SSIP"]]) == [3, 4]
    assert len(set(chosen)) == 9


def test_random_choice_follows_its_seed():
    classes = ["SSIP"] * 50
    first = sampling.choose("random", 10, classes, no_descriptors, seed=1)
    assert first == sampling.choose("random", 10, classes, no_descriptors, seed=1)
    assert first != sampling.choose("random", 10, classes, no_descriptors, seed=2)


def test_farthest_points_spread_over_the_line():
    points = np.array([[0.0], [0.1], [0.2], [5.0], [9.9], [10.0]])
    assert sorted(sampling.farthest_points(points, 3, start=0)) == [0, 3, 5]


def test_more_clusters_than_the_pool_holds_is_refused():
    with pytest.raises(InputError, match=r"sampling\.n_clusters = 5 .*sampling\.pool_size"):
        sampling.choose("random", 5, ["SSIP"] * 3, no_descriptors, seed=1)
