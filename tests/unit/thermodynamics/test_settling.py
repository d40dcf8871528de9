import numpy as np
import pytest

from ionshift.thermodynamics.settling import read_off

R_A = np.linspace(0.1, 20, 200)


def test_a_plateau_is_read_off():
    found = read_off(R_A, (50 - 50 * np.exp(-R_A))[None], 1.0, "A^3")
    assert found.value == pytest.approx(50) and np.isnan(found.error) and found.reason == ""


def test_what_still_moves_gives_a_reason_and_no_number():
    found = read_off(R_A, 10 * R_A[None], 20.0, "A^3")
    assert np.isnan(found.value)
    assert found.drift == pytest.approx(25, abs=1)
    assert "from 15.1 to 20.0 A the running integral moves by +-24.5 A^3" in found.reason


def test_replicas_that_scatter_more_than_they_drift_give_a_number_with_its_error():
    running = 5 * R_A + np.array([-80.0, 0.0, 80.0])[:, None]
    found = read_off(R_A, running, 1.0, "A^3")
    assert found.value == pytest.approx(100)
    assert found.error == pytest.approx(80 / np.sqrt(3))
    assert read_off(R_A, running / 80, 0.0, "A^3").reason == ""
    assert "not converged" in read_off(R_A, 5 * R_A + running * 0.001, 1.0, "A^3").reason


def test_an_impossible_fluctuation_is_said():
    running = np.where(R_A > 18, np.nan, 1.0)[None]
    assert "fluctuation of numbers is negative" in read_off(R_A, running, 0.1, "").reason
