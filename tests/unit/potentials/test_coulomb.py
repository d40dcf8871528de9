"""The Coulomb prior against the Madelung constant and finite differences."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.units import _e, _eps0

from ionshift.config.potential import CoulombPrior
from ionshift.core.errors import InputError
from ionshift.potential_training.training import without_prior
from ionshift.potentials.coulomb import EwaldPrior, pair_energy_eV, with_prior

MADELUNG_NACL = 1.747564594633
COULOMB_eV_A = _e / (4 * np.pi * _eps0) * 1e10
SALT = CoulombPrior(charges={"Na": 1, "Cl": -1}, permittivity=4.0)


def salt(rattle_A=0.0):
    """Rock salt with a neutral atom in its midst."""
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True)
    atoms += Atoms("Ar", [[1.4, 1.4, 1.4]])
    atoms.rattle(rattle_A, seed=3)
    atoms.calc = EwaldPrior(SALT)
    return atoms


def test_madelung_constant_of_rock_salt():
    per_pair = salt().get_potential_energy() / 4
    expected = -MADELUNG_NACL * COULOMB_eV_A / 2.82 / SALT.permittivity
    assert per_pair == pytest.approx(expected, rel=1e-6)


def test_forces_and_stress_are_derivatives():
    atoms, step = salt(0.1), 1e-4
    forces, stress = atoms.get_forces(), atoms.get_stress()
    energies, strained = [], []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.positions[2, 1] += sign * step
        moved.calc = EwaldPrior(SALT)
        energies.append(moved.get_potential_energy())
        sheared = atoms.copy()
        strain = np.diag([1 + sign * step, 1, 1])
        sheared.set_cell(atoms.cell @ strain, scale_atoms=True)
        sheared.calc = EwaldPrior(SALT)
        strained.append(sheared.get_potential_energy())
    assert forces[2, 1] == pytest.approx(-(energies[0] - energies[1]) / (2 * step), rel=1e-5)
    slope = (strained[0] - strained[1]) / (2 * step) / atoms.get_volume()
    assert stress[0] == pytest.approx(slope, rel=1e-5)
    np.testing.assert_allclose(forces[-1], 0)
    np.testing.assert_allclose(forces.sum(axis=0), 0, atol=1e-6)


def test_taken_off_and_added_again():
    """EMT of a metal as the reference: what is left with the prior added is the reference."""
    metal = bulk("CuAu", "rocksalt", 4.0, cubic=True)
    metal.rattle(0.05, seed=1)
    metal.calc = EMT()
    frame = metal.copy()
    frame.info |= {"REF_energy": metal.get_potential_energy(), "REF_stress": metal.get_stress()}
    frame.arrays["REF_forces"] = metal.get_forces()
    prior = CoulombPrior(charges={"Cu": 0.5, "Au": -0.5})
    (less,) = without_prior([frame], prior)
    added = metal.copy()
    added.calc = with_prior(EMT(), prior)
    shift = added.get_potential_energy() - metal.get_potential_energy()
    assert abs(shift) > 1
    assert less.info["REF_energy"] == pytest.approx(metal.get_potential_energy() - shift)
    np.testing.assert_allclose(
        less.arrays["REF_forces"] + added.get_forces(), 2 * metal.get_forces(), atol=1e-9
    )
    np.testing.assert_allclose(
        less.info["REF_stress"] + added.get_stress(), 2 * metal.get_stress(), atol=1e-9
    )
    assert without_prior([frame], None) == [frame]


def test_charged_box_is_refused():
    charged = salt()
    del charged[0]
    charged.calc = EwaldPrior(SALT)
    with pytest.raises(InputError, match=r"prior\.charges add up to -1 e in .*neutral"):
        charged.get_potential_energy()


def test_energy_of_two_charges_is_that_of_a_large_box():
    pair = Atoms("NaCl", [[0, 0, 0], [2, 0, 0]], cell=[60] * 3, pbc=True)
    pair.calc = EwaldPrior(SALT)
    alone = pair_energy_eV(SALT, ["Na", "Cl"], 2.0)
    assert alone == pytest.approx(-COULOMB_eV_A / 2 / SALT.permittivity)
    assert pair.get_potential_energy() == pytest.approx(alone, abs=1e-3)
    assert pair_energy_eV(None, ["Na", "Cl"], 2.0) == pair_energy_eV(SALT, ["Na", "O"], 2.0) == 0
