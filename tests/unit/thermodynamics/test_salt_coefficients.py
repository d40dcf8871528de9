"""Soft charged spheres as potentials of mean force."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ionshift.core.errors import InputError
from ionshift.thermodynamics import debye_hueckel, osmotic, pmf, salt_coefficients
from ionshift.thermodynamics.salt_coefficients import Treatment

R_A = np.arange(2.4, 12.0, 0.05)
TREATMENT = Treatment(permittivity=78.4, tail_permittivity=None, step_A=0.1)
MOLARITIES = np.array([0.2, 1.0])


@pytest.fixture(autouse=True)
def few_nodes(monkeypatch):
    monkeypatch.setattr(osmotic, "N_NODES", 4)
    monkeypatch.setattr(osmotic, "LEAD_IN_M", (0.02,))


def curves(permittivity=60.0, replica=0, shift=0.0, error=np.nan):
    length_A = debye_hueckel.bjerrum_length_A(permittivity, 298.15)
    parts = []
    for pair, product in ((pmf.UNLIKE, -1), (pmf.CATIONS, 1), (pmf.ANIONS, 1)):
        w_kT = (4.0 / R_A) ** 12 + product * length_A / R_A + shift * np.exp(-R_A / 3)
        columns = {"r_A": R_A, "w_kT": w_kT, "w_err_kT": error}
        parts.append(pd.DataFrame(columns).assign(pair=pair, replica=replica))
    return pd.concat(parts, ignore_index=True)


def test_both_permittivities_are_used_and_the_stronger_coulomb_binds():
    short = salt_coefficients.prepare(curves(), TREATMENT)
    assert short.tail_permittivity == pytest.approx(60.0, rel=1e-3)
    table = salt_coefficients.measure(short, TREATMENT, MOLARITIES, ["hnc"], volume_cm3_mol=18.0)
    assert table["permittivity"].round(1).tolist() == [78.4, 78.4, 60.0, 60.0]
    phi = table["phi_mm"].to_numpy().reshape(2, 2)
    assert (phi[0] > phi[1] + 0.005).all()
    assert np.allclose(table["phi_lr"], table["phi_mm"] * (1 - 18e-3 * table["molarity_M"]))
    assert table["phi_mm_sampling_err"].isna().all()
    assert (table["phi_mm_tail_err"][:2] < 1e-3).all()
    assert table["phi_lr_err"].isna().all()


def test_both_routes_agree_when_dilute():
    short = salt_coefficients.prepare(curves(), TREATMENT)
    once = replace(TREATMENT, permittivity=60.0)
    table = salt_coefficients.measure(short, once, np.array([0.02]))
    assert table["route"].tolist() == ["hnc", "mpb"]
    assert table["phi_mm"][0] == pytest.approx(table["phi_mm"][1], abs=1e-3)
    assert table["phi_compressibility_mm"][0] == pytest.approx(table["phi_mm"][0], abs=2e-3)


def test_replicas_and_error_columns_give_errors():
    once = replace(TREATMENT, permittivity=60.0)
    pair = pd.concat([curves(replica=0, shift=-0.3), curves(replica=1, shift=0.3)])
    two = salt_coefficients.measure(
        salt_coefficients.prepare(pair, once), once, np.array([1.0]), ["mpb"]
    )
    each = [
        salt_coefficients.measure(
            salt_coefficients.prepare(curves(shift=shift), once), once, np.array([1.0]), ["mpb"]
        )["phi_mm"][0]
        for shift in (-0.3, 0.3)
    ]
    assert two["phi_mm_sampling_err"][0] == pytest.approx(abs(each[1] - each[0]) / 2, rel=0.02)
    assert two["phi_lr_err"][0] >= two["phi_mm_sampling_err"][0] * 0.999
    column = salt_coefficients.prepare(curves(error=0.05), once)
    found = salt_coefficients.measure(column, once, np.array([1.0]), ["mpb"])
    assert 0.005 < found["phi_mm_sampling_err"][0] < 0.5


def test_a_missing_pair_and_unequal_replicas_are_refused():
    table = curves()
    with pytest.raises(InputError, match="no potential of mean force of anion-anion"):
        salt_coefficients.prepare(table[table["pair"] != pmf.ANIONS], TREATMENT)
    more = pd.concat([table, table[table["pair"] == pmf.ANIONS].assign(replica=1)])
    with pytest.raises(InputError, match=r"unequal numbers of replicas: anion-anion 2"):
        salt_coefficients.prepare(more, TREATMENT)


def test_short_ranged_files_are_taken_as_they_are():
    table = curves(permittivity=1e9)
    short = salt_coefficients.prepare(table, replace(TREATMENT, short_ranged=True))
    assert np.isnan(short.tail_permittivity)
    assert np.allclose(short.mean[pmf.UNLIKE].w_kT, (4.0 / R_A) ** 12, atol=1e-6)
    with pytest.raises(InputError, match="--short-range"):
        salt_coefficients.prepare(curves(), replace(TREATMENT, tail_permittivity=1e6))
