import numpy as np
import pytest

from ionshift.statistics.replicas import standard_error


def test_standard_error_of_known_numbers():
    assert standard_error([[1.0, 5.0], [3.0, 5.0]]) == pytest.approx([1.0, 0.0])


def test_one_replica_has_none():
    assert np.isnan(standard_error(np.ones((1, 3)))).all()
