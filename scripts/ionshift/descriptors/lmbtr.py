"""Local many-body tensor representation (LMBTR) of a cluster's nucleus.

Huo and Rupp, Mach. Learn.: Sci. Technol. 3, 045017 (2022); local form as in DScribe
(Himanen et al., Comput. Phys. Commun. 247, 106949 (2020)). Two parts are joined: distances
from the nucleus (k2) and angles of all triples that hold the nucleus (k3), each a sum of
Gaussians weighted by exp(-scale x perimeter), a block of the grid for every combination of
elements. DScribe is the reference; the compiled kernel gives the same numbers faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from ionshift.descriptors.geometry import fill_by_dscribe, geometries_of, unit_rows
from ionshift.descriptors.lmbtr_kernel import accumulate, gaussian_table

if TYPE_CHECKING:
    from ase import Atoms

    from ionshift.descriptors.geometry import Geometries

CENTRE = 0
"""Stands for the nucleus among the species, as in DScribe's enumeration of channels."""


class Lmbtr:
    """LMBTR of atom 0 of isolated clusters.

    Parameters
    ----------
    config : config.Descriptor
    species : element symbols that may occur; their set fixes the vector's layout
    """

    def __init__(self, config, species):
        self.config = config
        self.species = sorted(species, key=atomic_numbers.get)
        self._numbers = [CENTRE, *(atomic_numbers[name] for name in self.species)]
        self._triples = _triple_channels(len(self._numbers))

    @property
    def n_features(self) -> int:
        return self.config.n_grid * (len(self._numbers) + len(self.channels_k3()))

    def channels_k3(self) -> list[str]:
        """Element triples of the angle part, in order; X is the nucleus."""
        names = ["X", *self.species]
        order = sorted(
            {
                (self._triples[i, j, k], i, j, k)
                for i, j, k in np.argwhere(self._triples >= 0)
                if i <= k
            }
        )
        return ["-".join((names[i], names[j], names[k])) for _, i, j, k in order]

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
        split = self.config.n_grid * len(self._numbers)
        features = np.zeros((len(geometries), self.n_features))
        parts = features[:, :split], features[:, split:]
        if self.config.backend == "dscribe":
            self._fill_by_dscribe(geometries, parts)
        else:
            self._fill_by_kernel(geometries, *parts)
        if self.config.normalise:
            for part in parts:
                unit_rows(part)
        return features

    def _fill_by_dscribe(self, geometries, parts):
        from dscribe.descriptors import LMBTR

        config = self.config
        weighting = {
            "function": "exp",
            "scale": config.weighting_scale_per_A,
            "threshold": config.weighting_threshold,
        }
        settings = {
            "distance": (config.k2_min_A, config.k2_max_A, config.k2_sigma_A),
            "angle": (config.k3_min_deg, config.k3_max_deg, config.k3_sigma_deg),
        }
        for part, (function, (low, high, sigma)) in zip(parts, settings.items(), strict=True):
            tensor = LMBTR(
                species=self.species,
                geometry={"function": function},
                grid={"min": low, "max": high, "sigma": sigma, "n": config.n_grid},
                weighting=weighting,
                normalization="none",
                periodic=False,
            )
            fill_by_dscribe(part, geometries, tensor)

    def _fill_by_kernel(self, geometries, k2, k3):
        config = self.config
        index = np.zeros(max(self._numbers) + 1, np.int64)
        index[self._numbers] = np.arange(len(self._numbers))
        tables = [
            gaussian_table(config.k2_min_A, config.k2_max_A, config.k2_sigma_A, config.n_grid),
            gaussian_table(
                config.k3_min_deg, config.k3_max_deg, config.k3_sigma_deg, config.n_grid
            ),
        ]
        accumulate(
            geometries.positions_A,
            index[geometries.numbers],
            geometries.starts,
            self._triples,
            *tables,
            config.n_grid,
            config.weighting_scale_per_A,
            config.weighting_threshold,
            k2,
            k3,
        )


def _triple_channels(n_species):
    """Channel of an angle i-j-k, in DScribe's order; -1 without the nucleus.

    The ends i and k may be swapped.
    """
    channels = -np.ones((n_species,) * 3, np.int64)
    count = 0
    for j in range(n_species):
        for i in range(n_species):
            for k in range(i, n_species):
                if CENTRE in (i, j):
                    channels[i, j, k] = channels[k, j, i] = count
                    count += 1
    return channels
