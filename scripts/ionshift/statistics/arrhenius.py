"""Arrhenius' law, rate = prefactor exp(-E_a / kT), fitted to rates at several temperatures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from ionshift.core.errors import InputError

BOLTZMANN_eV_K = constants.k / constants.e


@dataclass(frozen=True)
class Arrhenius:
    """Activation energy and ln(prefactor x s), standard errors, and how well the line fits.

    `reduced_chi2` is NaN where the errors are not known or two points fix the line.
    """

    activation_eV: float
    activation_err_eV: float
    log_prefactor: float
    log_prefactor_err: float
    reduced_chi2: float
    n_points: int

    def rate_per_s(self, temperature_K: ArrayLike) -> np.ndarray:
        """The line at some temperatures."""
        inverse = 1 / (BOLTZMANN_eV_K * np.asarray(temperature_K, float))
        return np.exp(self.log_prefactor - self.activation_eV * inverse)


def fit(temperature_K: ArrayLike, rate_per_s: ArrayLike, error_per_s: ArrayLike) -> Arrhenius:
    """Straight line of ln(rate) against 1 / kT, weighted by the errors if all are known.

    Errors follow from those of the rates, and from the scatter where it is larger (Birge, Phys.
    Rev. 40, 207 (1932)). Without errors they follow from the scatter; two points then give none.

    Raises
    ------
    InputError
        with fewer than two temperatures, or a rate or temperature that is not positive.
    """
    temperature, rate, error = (
        np.asarray(one, float) for one in (temperature_K, rate_per_s, error_per_s)
    )
    _check(temperature, rate)
    weighted = bool(np.isfinite(error).all() and (error > 0).all())
    weight = rate / error if weighted else np.ones(len(rate))
    design = np.column_stack([-1 / (BOLTZMANN_eV_K * temperature), np.ones(len(rate))])
    covariance = np.linalg.inv((design * weight[:, None] ** 2).T @ design)
    activation, log_prefactor = covariance @ (design * weight[:, None] ** 2).T @ np.log(rate)
    residuals = weight * (np.log(rate) - design @ [activation, log_prefactor])
    freedom = len(rate) - 2
    scatter = float(residuals @ residuals / freedom) if freedom else float("nan")
    factor = np.fmax(1.0, scatter) if weighted else scatter
    errors = np.sqrt(factor * np.diag(covariance))
    return Arrhenius(
        activation_eV=float(activation),
        activation_err_eV=float(errors[0]),
        log_prefactor=float(log_prefactor),
        log_prefactor_err=float(errors[1]),
        reduced_chi2=scatter if weighted else float("nan"),
        n_points=len(rate),
    )


def _check(temperature_K, rate_per_s):
    if len(np.unique(temperature_K)) < 2:
        raise InputError(
            f"an Arrhenius line needs two temperatures, there is {len(np.unique(temperature_K))}; "
            "a rate known as a bound alone is no point of it"
        )
    for name, values in (("temperature_K", temperature_K), ("rate_per_s", rate_per_s)):
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise InputError(
                f"{name} = {values.tolist()}: an Arrhenius line needs positive numbers"
            )
