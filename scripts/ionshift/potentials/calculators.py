"""ASE calculators of interatomic potentials by family, and what is checked before they are used.

A family is imported when it is asked for: each has an environment of its own, for their versions
of shared libraries exclude each other.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionshift.config.potential import Calculator, CoulombPrior, Potential
from ionshift.config.potential_training import PotentialModel
from ionshift.config.registries.calculators import FAMILIES
from ionshift.core.errors import InputError
from ionshift.potentials.coulomb import with_prior

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import BaseCalculator

# Forces must equal the slope of the energy along them within this share.
SLOPE_TOLERANCE = 0.05
LONGEST_DISPLACEMENT_A = 0.01
RATTLE_A = 0.05
# Root mean square of a force component in a molecular liquid at room temperature: about 1 eV/A.
# The same in kcal/mol/A, kJ/mol/A or Hartree/bohr is outside these limits.
WEAKEST_FORCE_eV_A = 0.05
STRONGEST_FORCE_eV_A = 10.0


def build(potential: Potential, elements: Iterable[str]) -> BaseCalculator:
    """The calculator of a potential with its Coulomb prior, see `build_plain`.

    Parameters
    ----------
    potential : config.Potential
    elements : symbols of the elements that it has to cover
    """
    return with_prior(build_plain(potential, elements), potential.prior)


def build_plain(potential: Calculator, elements: Iterable[str]) -> BaseCalculator:
    """The calculator of a family, on the device that there is.

    Parameters
    ----------
    potential : config.Calculator
    elements : symbols of the elements that it has to cover

    Returns
    -------
    ASE calculator: energies in eV, forces in eV/A

    Raises
    ------
    InputError
        for a missing file or package, elements that the model does not know, a GPU that is not
        there, and a model that the installed version cannot read.
    """
    device = _device(potential)
    for path in potential.files():
        if not Path(path).is_file():
            raise InputError(
                f"potential.model = '{potential.model}': no file {path}; give a path relative to "
                "the repository's root"
            )
    try:
        calculator, known = FAMILIES.get(potential.kind).load()(potential, device)
    except InputError:
        raise
    except ImportError as error:
        raise _missing(potential, error) from error
    except Exception as error:
        raise _unreadable(potential, error) from error
    _check_species(potential, elements, known)
    return calculator


def potential_of_model(
    settings: PotentialModel, path: str | Path, prior: CoulombPrior | dict[str, Any] | None
) -> Potential:
    """The `config.Potential` that a trained model is.

    Parameters
    ----------
    settings : config.PotentialModel
    prior : config.CoulombPrior or its dict, that was taken off its labels; None
    """
    return Potential(
        kind=settings.backend,
        model=str(path),
        device=settings.device,
        dtype=settings.dtype,
        prior=prior,
    )


def of_model(
    settings: PotentialModel,
    path: str | Path,
    prior: CoulombPrior | dict[str, Any] | None,
    elements: Iterable[str],
) -> BaseCalculator:
    """The calculator of a trained model, see `potential_of_model`."""
    return build(potential_of_model(settings, path, prior), elements)


def versions(potential: Calculator) -> dict[str, str]:
    """Versions of the packages behind a potential, as a dict."""
    return {name: _version(name) for name in FAMILIES.get(potential.kind).packages}


def check(
    calculator: BaseCalculator, potential: Calculator, atoms: Atoms, bonded: bool = True
) -> None:
    """Evaluate once, and look whether energies and forces can be those of ASE's units.

    Parameters
    ----------
    calculator : what `build` returned
    potential : config.Potential, to be named in messages
    atoms : ase.Atoms in a state that thermal motion reaches; not changed
    bonded : whether there are covalent bonds, whose forces are never weak

    Raises
    ------
    InputError
        for numbers that are not finite, forces that are not the slope of the energy, forces far
        from thermal ones in eV/A, and a model that fails because another version wrote it.
    """
    atoms = atoms.copy()
    atoms.calc = calculator
    try:
        forces = atoms.get_forces()
        energy = atoms.get_potential_energy()
    except Exception as error:
        raise _unreadable(potential, error) from error
    if not (np.isfinite(energy) and np.all(np.isfinite(forces))):
        raise InputError(
            f"potential.model = '{potential.model}' ({potential.kind}): energy or forces of the "
            "first configuration are not finite; train or choose another model"
        )
    if bonded:
        _check_size_of_forces(potential, forces)
    _check_slope(potential, atoms, forces)


def _check_size_of_forces(potential, forces):
    rms = float(np.sqrt(np.mean(forces**2)))
    if not WEAKEST_FORCE_eV_A < rms < STRONGEST_FORCE_eV_A:
        raise InputError(
            f"potential.model = '{potential.model}' ({potential.kind}): the forces of the first "
            f"configuration have a root mean square of {rms:.3g} eV/A, a molecular "
            "liquid has about 1 eV/A; its units are not eV and Angstrom, or it does not know this "
            "liquid"
        )


def _check_slope(potential, atoms, forces):
    """Compare forces with a central difference of the energy along them."""
    if np.abs(forces).max() < WEAKEST_FORCE_eV_A:
        atoms.rattle(RATTLE_A, seed=1)
        forces = atoms.get_forces()
    norm = np.linalg.norm(forces)
    direction = forces / norm
    step_A = LONGEST_DISPLACEMENT_A / np.linalg.norm(direction, axis=1).max()
    start_A = atoms.get_positions()
    energies = []
    for sign in (1, -1):
        atoms.set_positions(start_A + sign * step_A * direction)
        energies.append(atoms.get_potential_energy())
    slope = (energies[1] - energies[0]) / (2 * step_A)
    if not abs(slope - norm) <= SLOPE_TOLERANCE * norm:
        raise InputError(
            f"potential.model = '{potential.model}' ({potential.kind}): its forces are not the "
            f"slope of its energy (along the forces the energy falls by {slope:.4g} eV/A, the "
            f"forces say {norm:.4g} eV/A, ratio {norm / slope:.4g}); give both in eV and Angstrom"
        )


def _device(potential):
    if FAMILIES.get(potential.kind).cpu_only:
        if potential.device == "cuda":
            raise InputError(
                f"potential.device = 'cuda': kind {potential.kind} runs on the CPU alone; take "
                "device: auto or cpu"
            )
        return "cpu"
    if potential.device == "cpu":
        return "cpu"
    if cuda_is_there():
        return "cuda"
    if potential.device == "cuda":
        raise InputError(
            "potential.device = 'cuda': no CUDA device is visible to PyTorch on this machine; take "
            "device: auto or cpu, or run where there is a GPU and a PyTorch built for CUDA"
        )
    return "cpu"


def cuda_is_there() -> bool:
    """Whether PyTorch is here and sees a CUDA device."""
    try:
        return importlib.import_module("torch").cuda.is_available()
    except ImportError:
        return False


def _check_species(potential, elements, known):
    missing = sorted(set(elements) - set(known)) if known is not None else []
    if missing:
        raise InputError(
            f"potential.model = '{potential.model or potential.kind}' ({potential.kind}) does not "
            f"cover {', '.join(missing)}; it knows {_listed(known)}. Train it on all elements of "
            "the study, or choose another model"
        )


def _listed(known):
    known = sorted(known)
    return ", ".join(known) if len(known) <= 20 else f"{len(known)} elements"


def _missing(potential, error):
    family = FAMILIES.get(potential.kind)
    package = family.packages[0]
    if potential.kind == "python":
        return InputError(f"potential.model = '{potential.model}': {error}")
    return InputError(
        f"potential.kind = '{potential.kind}': the Python package {package} cannot be imported "
        f"({error}); make the environment envs/{family.environment}, or install "
        f"{package} with pip into an environment of its own"
    )


def _unreadable(potential, error):
    found = ", ".join(f"{name} {version}" for name, version in versions(potential).items())
    return InputError(
        f"potential.model = '{potential.model}': {potential.kind} cannot use it "
        f"({type(error).__name__}: {_first_line(error)}). The file is damaged, of another kind, or "
        f"written by another version than the one installed ({found}); write it again with this "
        f"version, or install the version that wrote it"
    )


def _first_line(error):
    return next(iter(str(error).strip().splitlines()), "no message")


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
