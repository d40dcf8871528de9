import numpy as np
import pytest

from ionshift.core.errors import InputError
from ionshift.trajectories.cell import fractional
from ionshift.trajectories.unwrapping import unwrapped_A

CELL_A = np.array([[8.0, 0, 0], [3.0, 7.0, 0], [1.0, -2.0, 6.0]])


def test_a_walk_through_the_sides_of_a_skewed_cell_is_restored():
    rng = np.random.default_rng(0)
    paths_A = np.cumsum(rng.normal(scale=0.4, size=(200, 5, 3)), axis=0)
    inside = fractional(paths_A.reshape(-1, 3), CELL_A) % 1.0
    wrapped_A = (inside @ CELL_A).reshape(paths_A.shape)
    assert np.abs(wrapped_A - paths_A).max() > 5.0
    found = unwrapped_A(wrapped_A, CELL_A, "an ion", "")
    assert np.allclose(found - found[0], paths_A - paths_A[0])


def test_steps_too_long_to_follow_are_refused():
    paths_A = np.array([[[0.0, 0, 0]], [[3.6, 0, 0]]])
    with pytest.raises(InputError, match=r"an ion moves by 3\.6 A .* box \(.* A\).*; store more"):
        unwrapped_A(paths_A, CELL_A, "an ion", "store more")
