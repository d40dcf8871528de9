"""Smooth overlap of atomic positions (SOAP) of a cluster's nucleus, by DScribe.

Bartok, Kondor, Csanyi, Phys. Rev. B 87, 184115 (2013); the power spectrum of the density of
neighbours around the nucleus in Gaussian-type radial functions and spherical harmonics, as in
DScribe (Himanen et al., Comput. Phys. Commun. 247, 106949 (2020)).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers
from dscribe.descriptors import SOAP
from numpy.typing import NDArray

from ionshift.descriptors.geometry import fill_by_dscribe, geometries_of, unit_rows

if TYPE_CHECKING:
    from ase import Atoms

    from ionshift.descriptors.geometry import Geometries


class Soap:
    """SOAP of atom 0 of isolated clusters.

    Parameters
    ----------
    config : config.Descriptor
    species : element symbols that may occur; their set fixes the vector's layout
    """

    def __init__(self, config, species):
        self.config = config
        self.species = sorted(species, key=atomic_numbers.get)
        self._soap = SOAP(
            species=self.species,
            r_cut=config.soap_cutoff_A,
            n_max=config.soap_n_max,
            l_max=config.soap_l_max,
            sigma=config.soap_sigma_A,
            periodic=False,
        )

    @property
    def n_features(self) -> int:
        return self._soap.get_number_of_features()

    def describe(self, clusters: Geometries | Sequence[Atoms]) -> NDArray[np.float64]:
        """Descriptors (n_clusters, n_features) of atom 0 of every cluster.

        Parameters
        ----------
        clusters : list of Atoms, or `Geometries`

        Raises
        ------
        InputError
            if a cluster has an element outside `species`.
        """
        geometries = geometries_of(clusters, self.species)
        features = np.zeros((len(geometries), self.n_features))
        fill_by_dscribe(features, geometries, self._soap)
        return unit_rows(features) if self.config.normalise else features
