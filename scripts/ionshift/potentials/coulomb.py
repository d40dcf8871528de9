"""A Coulomb prior: the interaction of ions in a dielectric, which a potential need not learn.

A potential with a cut-off cannot see the long-range part of the interaction of ions. Its labels
are what is left of the reference after the Ewald sum of given charges in a given permittivity has
been taken off; MD adds the sum to the potential again. (Zhang, Pagotto, Gould, Duignan,
arXiv:2310.12535, for aqueous LiCl, KCl and LiBr.)
"""

import importlib
from collections.abc import Sequence

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes
from ase.calculators.mixing import SumCalculator

from ionshift.config.potential import CoulombPrior
from ionshift.core.errors import InputError

COULOMB_eV_A = units._e / (4 * np.pi * units._eps0) * 1e10
REAL_CUTOFF_A = 8.0
ACCURACY = 1e-8
NEUTRAL_E = 1e-6


class EwaldPrior(Calculator):
    """Ewald sum of charges by element over a permittivity, by matscipy.

    Only charged atoms enter. The splitting is fixed by the real-space cut-off: both sums are cut
    where their terms fall to `ACCURACY` (Kolafa and Perram, Mol. Simul. 9, 351 (1992)).
    """

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012

    def __init__(self, prior):
        """`prior`: config.CoulombPrior."""
        super().__init__()
        self.prior = prior

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        charges = np.array([self.prior.charges.get(symbol, 0.0) for symbol in self.atoms.symbols])
        _check(self.atoms, charges)
        charged = charges != 0
        forces, stress, energy = np.zeros((len(charges), 3)), np.zeros(6), 0.0
        if charged.any():
            ions = Atoms(
                self.atoms.numbers[charged],
                self.atoms.positions[charged],
                cell=self.atoms.cell,
                pbc=True,
            )
            ions.set_array("charge", charges[charged])
            ions.wrap()
            ions.calc = _ewald(ions)
            energy = ions.get_potential_energy() / self.prior.permittivity
            forces[charged] = ions.get_forces() / self.prior.permittivity
            stress = ions.get_stress() / self.prior.permittivity
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "forces": forces,
            "stress": stress,
        }


def _check(atoms, charges):
    if not atoms.pbc.all():
        raise InputError("the Coulomb prior needs a periodic box; give frames with a cell")
    if abs(charges.sum()) > NEUTRAL_E:
        raise InputError(
            f"prior.charges add up to {charges.sum():+.3g} e in {atoms.get_chemical_formula()}; "
            "change them so that every box is neutral"
        )


def _ewald(ions):
    try:
        module = importlib.import_module("matscipy.calculators.ewald")
    except ImportError as error:
        raise InputError(
            f"a Coulomb prior needs the Python package matscipy ({error}); install it with pip "
            "(mace-torch brings it), or leave the prior out"
        ) from None
    reach = np.sqrt(-np.log(ACCURACY))
    alpha = reach / REAL_CUTOFF_A
    # Given by hand: matscipy 1.2.0 fails with NumPy 2 where it chooses them itself.
    n_waves = np.ceil(alpha * reach / np.pi * ions.cell.lengths()).astype(int)
    calculator = module.Ewald()
    calculator.set(
        accuracy=ACCURACY,
        cutoff=REAL_CUTOFF_A,
        verbose=False,
        kspace={"alpha": alpha, "nbk_c": n_waves},
    )
    return calculator


def with_prior(calculator: BaseCalculator, prior: CoulombPrior | None) -> BaseCalculator:
    """The calculator with the prior added; the calculator itself without a prior."""
    return calculator if prior is None else SumCalculator([calculator, EwaldPrior(prior)])


def pair_energy_eV(
    prior: CoulombPrior | None, symbols: tuple[str, str], distance_A: float
) -> float:
    """Coulomb energy of two charges of the prior alone; 0 without a prior."""
    if prior is None:
        return 0.0
    first, second = (prior.charges.get(symbol, 0.0) for symbol in symbols)
    return COULOMB_eV_A * first * second / prior.permittivity / distance_A
