import numpy as np
import pytest

from ionshift.learning import members
from ionshift.solvation.classes import CLASSES

COUNTS = np.array([2, 6, 0, 1])
SUMS = np.array([[1.0, 3.0, 0.0, -1.0], [2.0, -3.0, 0.0, -2.0], [0.0, 0.0, 0.0, 0.0]])


def test_a_member_table_gives_back_what_it_was_made_of():
    table = members.member_table(COUNTS, SUMS)
    assert list(table.columns) == members.COLUMNS
    assert "AGG" not in set(table["solvation_class"])
    assert members.class_sums(table) == pytest.approx(SUMS)
    assert members.means(table) == pytest.approx(SUMS.sum(axis=1) / 9)
    found = members.class_means(table)
    assert found[:, CLASSES.index("CIP")] == pytest.approx([0.5, -0.5, 0.0])
    assert np.isnan(found[:, CLASSES.index("AGG")]).all()


def test_the_spread_of_one_member_or_none_is_unknown():
    assert members.spread([[0.0, 1.0], [2.0, 1.0]]) == pytest.approx([np.sqrt(2), 0.0])
    for table in (members.member_table(COUNTS, SUMS[:1]), members.member_table(COUNTS, SUMS[:0])):
        assert np.isnan(members.spread(members.means(table)))
        assert np.isnan(members.spread(members.class_means(table))).all()
        assert members.spread(members.class_sums(table)).shape == (4,)
