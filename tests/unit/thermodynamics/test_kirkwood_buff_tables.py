import numpy as np
import pandas as pd
import pytest

from ionshift.core.errors import InputError
from ionshift.thermodynamics import kirkwood_buff_tables as tables
from model_salts import percus_yevick_g

SALT = tables.Salt("Li", "Cl", "O", 1.0)


def hard_sphere_curves(pairs, replicas=1, noise=0.0, reach_A=16.0):
    r_A, g, density_A3 = percus_yevick_g(0.2, 3.005, reach_A, 0.02)
    rng = np.random.default_rng(1)
    parts = [
        pd.DataFrame({"r_A": r_A, "g": np.maximum(g + noise * rng.normal(), 0)}).assign(
            pair=pair, replica=replica
        )
        for pair in pairs
        for replica in range(replicas)
    ]
    return pd.concat(parts, ignore_index=True), density_A3


def test_hard_spheres_in_a_box():
    curves, density_A3 = hard_sphere_curves(["A-A"])
    found = tables.gather(curves, box_edge_A=30.0)
    table, running = tables.integrals(found, 30.0)
    exact = (0.8**4 / 1.4**2 - 1) / density_A3
    assert table["value_A3"].to_numpy() == pytest.approx([exact] * 3, abs=1.5)
    assert table["value_cm3_mol"][0] == pytest.approx(0.602214 * table["value_A3"][0])
    assert (table["reach_A"] <= 15.0).all() and table["reason"].tolist() == [""] * 3
    assert len(running) <= 3 * tables.MAX_ROWS and running["r_A"].max() == table["reach_A"][0]


def test_the_derivative_of_like_particles_is_that_of_an_ideal_mixture():
    """All pairs alike: the salt's particles do not notice what they are."""
    names = ["Li-Li", "Cl-Cl", "Cl-Li", "Li-O", "O-Cl"]
    curves, _ = hard_sphere_curves(names)
    table, _ = tables.derivatives(tables.gather(curves), SALT)
    assert table["value"].to_numpy() == pytest.approx([1.0] * 3)


def test_replicas_give_the_derivative_its_error():
    names = ["Li-Li", "Cl-Cl", "Li-Cl", "Li-O", "Cl-O"]
    curves, _ = hard_sphere_curves(names, replicas=4, noise=0.002)
    table, running = tables.derivatives(tables.gather(curves), SALT, normalise=False)
    assert table["n_replicas"].tolist() == [4] * 3
    assert (table["value_err"] > 0.001).all()
    assert running["value_err"].iloc[-1] == pytest.approx(table["value_err"].iloc[-1])


def test_a_tail_that_is_not_one_is_brought_there_or_said():
    curves, density_A3 = hard_sphere_curves(["A-A"])
    curves["g"] *= 0.98
    exact = (0.8**4 / 1.4**2 - 1) / density_A3
    good, _ = tables.integrals(tables.gather(curves))
    assert good["value_A3"].to_numpy() == pytest.approx([exact] * 3, abs=3)
    bad, _ = tables.integrals(tables.gather(curves), normalise=False)
    assert bad["value_A3"][0] != bad["value_A3"][0]
    assert bad["reason"][0].startswith("not converged: from 12.0 to 16.0 A")


@pytest.mark.parametrize(
    ("change", "edge_A", "words"),
    [
        (lambda t: t, 40.0, r"A-A: g\(r\) ends at 16\.00 A; the box allows 20\.00 A"),
        (lambda t: t[t["r_A"] < 5], None, r"ends at 4\.98 A, too short.*nm"),
        (lambda t: t[t["r_A"] > 3.2], None, r"begins at 3\.22 A with .*; what lies below"),
        (lambda t: t.assign(g=t["g"] - 1), None, "is negative"),
        (lambda t: t.assign(g=t["g"] * 33.4), None, r"tends to 33\.4., not to 1"),
        (lambda t: t.assign(r_A=10 * t["r_A"]), 40.0, r"tends to 0\.00, not to 1"),
    ],
)
def test_what_is_no_whole_g_is_refused(change, edge_A, words):
    curves, _ = hard_sphere_curves(["A-A"])
    with pytest.raises(InputError, match=words):
        tables.gather(change(curves), edge_A)


def test_missing_pairs_and_unequal_replicas_are_refused():
    curves, _ = hard_sphere_curves(["Li-Li", "Cl-Cl", "Li-Cl", "Li-O"])
    with pytest.raises(InputError, match=r"no g.r. of the pair Cl-O.*there are Li-Li"):
        tables.derivatives(tables.gather(curves), SALT)
    more, _ = hard_sphere_curves(["Cl-O"], replicas=2)
    with pytest.raises(InputError, match=r"unequal numbers of replicas .Li-Li 1, .* Cl-O 2"):
        tables.derivatives(tables.gather(pd.concat([curves, more])), SALT)
