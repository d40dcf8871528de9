"""Cells of any shape: one lattice, whatever vectors describe it."""

import numpy as np
import pytest
from ase.build import bulk
from ase.geometry import find_mic
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from frame_files import unimodular
from ionshift.core.errors import InputError
from ionshift.trajectories import cell

same_every_time = settings(derandomize=True, deadline=None, max_examples=60)
CUBIC_A = np.diag([20.0, 20.0, 20.0])
VECTORS_A = arrays(float, (40, 3), elements=st.floats(-60.0, 60.0))


@st.composite
def shapes_A(draw):
    """Cell vectors of any shape, none of them flat."""
    shape_A = np.tril(draw(arrays(float, (3, 3), elements=st.floats(-10.0, 10.0))), -1)
    return shape_A + np.diag(draw(arrays(float, 3, elements=st.floats(3.0, 12.0))))


def lengths_A(vectors_A):
    return np.linalg.norm(vectors_A, axis=-1)


@same_every_time
@given(VECTORS_A, unimodular())
def test_a_cubic_lattice_has_the_same_images_through_a_skewed_cell(vectors_A, skew):
    skewed_A = skew @ CUBIC_A
    expected_A = cell.minimum_image(vectors_A, CUBIC_A)
    found_A = cell.minimum_image(vectors_A, skewed_A)
    assert np.allclose(lengths_A(found_A), lengths_A(expected_A), rtol=0, atol=1e-9)
    # Short of half an edge the image itself is the same; beyond, its opposite is as short.
    inside = (np.abs(expected_A) < 10.0 - 1e-6).all(axis=1)
    assert np.allclose(found_A[inside], expected_A[inside], rtol=0, atol=1e-9)
    assert cell.reach_A(skewed_A) == pytest.approx(10.0, abs=1e-9)
    assert cell.volume_A3(skewed_A) == pytest.approx(8000.0, rel=1e-9)
    assert cell.cubic_edge_A(skewed_A, 1e-3) == pytest.approx(20.0, abs=1e-9)
    assert cell.ambiguity(expected_A, skewed_A) == pytest.approx(
        np.abs(expected_A / 20.0).max(), abs=1e-9
    )


@same_every_time
@given(VECTORS_A, shapes_A(), unimodular())
def test_images_are_the_shortest_of_any_lattice(vectors_A, shape_A, skew):
    """Against all images within three reduced vectors of the folded one."""
    found_A = cell.minimum_image(vectors_A, skew @ shape_A)
    moved = cell.fractional(found_A - vectors_A, skew @ shape_A)
    assert np.allclose(moved, np.round(moved), atol=1e-5)
    steps = np.stack(np.meshgrid(*[range(-3, 4)] * 3), -1).reshape(-1, 3)
    around_A = found_A[:, None] + steps @ cell.lattice(shape_A).vectors_A
    assert np.allclose(lengths_A(found_A), lengths_A(around_A).min(axis=1), rtol=0, atol=1e-7)


@same_every_time
@given(VECTORS_A, arrays(float, 3, elements=st.floats(5.0, 50.0)))
def test_a_rectangular_cell_is_folded_as_its_edges_are(vectors_A, edges_A):
    expected_A = vectors_A - edges_A * np.round(vectors_A / edges_A)
    for box_A in (edges_A, np.diag(edges_A)):
        assert np.array_equal(cell.minimum_image(vectors_A, box_A), expected_A)
        assert cell.reach_A(box_A) == edges_A.min() / 2
        assert cell.volume_A3(box_A) == np.prod(edges_A)
        assert cell.ambiguity(expected_A, box_A) == np.abs(expected_A / edges_A).max()


def test_rounding_fractional_coordinates_is_not_enough():
    """Nor is ASE's `find_mic`, which takes it for safe below half the shortest cell vector."""
    skewed_A = np.array([[20.0, 10.0, 0.0], [-10.0, -10.0, 0.0], [0.0, 10.0, 10.0]])
    vectors_A = np.array([[6.0, 3.0, 0.0]])
    rounded_A = vectors_A - np.round(vectors_A @ np.linalg.inv(skewed_A)) @ skewed_A
    assert np.allclose(rounded_A, vectors_A)
    assert np.allclose(find_mic(vectors_A, skewed_A)[0], vectors_A)
    assert np.allclose(cell.minimum_image(vectors_A, skewed_A), [[-4.0, 3.0, 0.0]])


def test_the_reach_of_known_lattices():
    """Half the distance of neighbours: a / sqrt(2) in fcc, a in hcp, sqrt(3) a / 2 in bcc."""
    fcc, hcp, bcc = bulk("Cu", "fcc", a=3.6), bulk("Mg", "hcp", a=3.2), bulk("Fe", "bcc", a=2.9)
    assert cell.reach_A(fcc.cell[:]) == pytest.approx(3.6 / np.sqrt(8))
    assert cell.reach_A(hcp.cell[:]) == pytest.approx(1.6)
    assert cell.reach_A(bcc.cell[:]) == pytest.approx(2.9 * np.sqrt(3) / 4)
    assert np.isnan(cell.cubic_edge_A(hcp.cell[:], 1e-3))


def test_a_left_handed_cell_is_turned_over():
    left_A = np.array([[0.0, 5.0, 0.0], [4.0, 1.0, 0.0], [0.0, 0.0, 6.0]])
    right_A = cell.right_handed(left_A, "here")
    assert np.linalg.det(right_A) == pytest.approx(-np.linalg.det(left_A))
    vectors_A = np.random.default_rng(0).uniform(-20, 20, (30, 3))
    assert np.allclose(
        lengths_A(cell.minimum_image(vectors_A, right_A)),
        lengths_A(cell.minimum_image(vectors_A, left_A)),
    )


@pytest.mark.parametrize(
    "flat_A",
    [
        np.zeros((3, 3)),
        [[5.0, 0, 0], [0, 5.0, 0], [5.0, 5.0, 0]],
        [[5.0, 0, 0], [0, 5.0, 0], [5.0, 5.0, 1e-6]],
        [[5.0, 0, 0], [0, np.nan, 0], [0, 0, 5.0]],
        [[5.0, 0, 0], [0, np.inf, 0], [0, 0, 5.0]],
    ],
)
def test_a_cell_without_volume_is_refused(flat_A):
    with pytest.raises(InputError, match="frame 3 has no periodic cell"):
        cell.right_handed(flat_A, "frame 3")
