"""Local many-body tensor representation (LMBTR) of a cluster's nucleus.

Huo and Rupp, Mach. Learn.: Sci. Technol. 3, 045017 (2022); local form as in DScribe
(Himanen et al., Comput. Phys. Commun. 247, 106949 (2020)). Two parts are joined: distances
from the nucleus (k2) and angles of all triples that hold the nucleus (k3), each a sum of
Gaussians weighted by exp(-scale x perimeter), a block of the grid for every combination of
elements. DScribe is the reference; the compiled kernel gives the same numbers faster.
"""

import numpy as np
from ase.data import atomic_numbers

from ionshift.descriptor_kernel import accumulate
from ionshift.errors import InputError

CENTRE = 0
"""Stands for the nucleus among the species, as in DScribe's enumeration of channels."""


def elements_of(clusters):
    """Sorted element symbols that occur in clusters."""
    numbers = sorted({int(z) for atoms in clusters for z in atoms.numbers})
    symbol = {z: name for name, z in atomic_numbers.items()}
    return [symbol[z] for z in numbers]


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
    def n_features(self):
        return self.config.n_grid * (len(self._numbers) + len(self.channels_k3()))

    def channels_k3(self):
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

    def describe(self, clusters):
        """Descriptors (n_clusters, n_features) of atom 0 of every cluster.

        Raises
        ------
        InputError
            if a cluster has an element outside `species`.
        """
        self._check_elements(clusters)
        if self.config.backend == "dscribe":
            k2, k3 = self._parts_by_dscribe(clusters)
        else:
            k2, k3 = self._parts_by_kernel(clusters)
        if self.config.normalise:
            k2, k3 = _unit_rows(k2), _unit_rows(k3)
        return np.hstack([k2, k3])

    def _check_elements(self, clusters):
        unknown = set(elements_of(clusters)) - set(self.species)
        if unknown:
            raise InputError(
                f"element {', '.join(sorted(unknown))} is not among the descriptor's species "
                f"({', '.join(self.species)}); train with labels that contain it"
            )

    def _parts_by_dscribe(self, clusters):
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
        for function, (low, high, sigma) in settings.items():
            tensor = LMBTR(
                species=self.species,
                geometry={"function": function},
                grid={"min": low, "max": high, "sigma": sigma, "n": config.n_grid},
                weighting=weighting,
                normalization="none",
                periodic=False,
            )
            yield np.vstack([tensor.create(atoms, centers=[0]) for atoms in clusters])

    def _parts_by_kernel(self, clusters):
        config = self.config
        index = {number: i for i, number in enumerate(self._numbers)}
        n_channels = len(self._numbers), int(self._triples.max()) + 1
        parts = [np.zeros((len(clusters), n * config.n_grid)) for n in n_channels]
        grids = np.array(
            [
                [config.k2_min_A, config.k2_max_A, config.k2_sigma_A],
                [config.k3_min_deg, config.k3_max_deg, config.k3_sigma_deg],
            ],
            float,
        )
        for row, atoms in enumerate(clusters):
            accumulate(
                atoms.positions[1:] - atoms.positions[0],
                np.array([index[number] for number in atoms.numbers[1:]], np.int64),
                self._triples,
                grids,
                config.n_grid,
                config.weighting_scale_per_A,
                config.weighting_threshold,
                parts[0][row],
                parts[1][row],
            )
        return parts


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


def _unit_rows(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)
