import numpy as np
import pytest

from ionshift.core.errors import InputError
from ionshift.learning.splits import folds, grouped_split

GROUPS = [f"{system}M/s-r{i % 2}/b{i % 7}" for system in (1, 2, 3) for i in range(60)]


def test_no_group_on_both_sides():
    training, test = grouped_split(GROUPS, 0.2, seed=1)
    names = np.array(GROUPS)
    assert not set(names[training]) & set(names[test])
    assert len(training) + len(test) == len(GROUPS)


def test_every_system_is_held_out_in_its_share():
    _, test = grouped_split(GROUPS, 0.2, seed=1)
    systems = [GROUPS[i].split("/")[0] for i in test]
    for system in ("1M", "2M", "3M"):
        assert 6 <= systems.count(system) <= 18


def test_split_follows_its_seed():
    assert np.array_equal(grouped_split(GROUPS, 0.2, 1)[1], grouped_split(GROUPS, 0.2, 1)[1])
    assert not np.array_equal(grouped_split(GROUPS, 0.2, 1)[1], grouped_split(GROUPS, 0.2, 2)[1])


def test_folds_keep_groups_whole_and_balanced():
    fold = folds(GROUPS, 5, seed=0)
    for name in set(GROUPS):
        assert len({fold[i] for i, group in enumerate(GROUPS) if group == name}) == 1
    sizes = np.bincount(fold)
    assert len(sizes) == 5
    assert sizes.max() - sizes.min() <= 10


def test_one_group_cannot_be_split():
    with pytest.raises(InputError, match=r"only 1 group .*model\.group_ps"):
        grouped_split(["1M/s-r0/b0"] * 5, 0.2, 1)
