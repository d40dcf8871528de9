"""ELF around the nucleus of labelled clusters: density, evaluation, store.

The density is the one of the label protocol. What the store keeps of a cluster is the distance
of the ELF's isosurfaces and its values on spheres, along all directions: factors and figures
follow from it without a new calculation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ase import Atoms
from numpy.typing import NDArray

from ionshift.config.elf import Elf
from ionshift.config.protocol import Protocol
from ionshift.dft import basis, elf, engine
from ionshift.labels import store as labels
from ionshift.labels.workers import label_structures

if TYPE_CHECKING:
    from pyscf import gto

VERSION = 1
"""Part of every key: raised when the numbers change."""
POINTS_PER_BLOCK = 4096
ENERGY_AGREEMENT_HA = 1e-3
COLUMNS = (
    "key",
    "cluster_id",
    "system",
    "solvation_class",
    "n_anion",
    "coordination",
    "shielding_ppm",
    "status",
    "reason",
    "radii_bohr",
    "sphere_elf",
    "energy_Ha",
    "n_basis",
    "cpu_s",
    "wall_s",
    "max_rss_MB",
)
INFO_COLUMNS = COLUMNS[1:7]
RECORD_COLUMNS = COLUMNS[7:]


def open_store(folder: str | Path) -> labels.LabelStore:
    """The store of ELF records: a label store whose values are compared by their energy."""
    return labels.LabelStore(folder, "energy_Ha", ENERGY_AGREEMENT_HA, "elf.store")


def key_of(atoms: Atoms, protocol: Protocol, settings: Elf) -> str:
    """Key of a record: the label's key with the surfaces, spheres and directions asked for."""
    content = {
        "elf": VERSION,
        "label": labels.label_key(atoms, atoms.info["charge"], protocol),
        "isovalues": settings.all_isovalues(),
        "radii_bohr": settings.all_radii_bohr(),
        "degree": settings.degree,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def choose(clusters: Sequence[Atoms], system: str, n: int) -> list[Atoms]:
    """At most `n` ok labels of a system, taking turns over the classes.

    Within a class the order is that of the labels' keys. They are hashes, so the choice is as
    good as random, and a larger `n` keeps all clusters of a smaller one.
    """
    rows = pd.DataFrame(
        [
            {
                "solvation_class": atoms.info["solvation_class"],
                "key": atoms.info["key"],
                "index": index,
            }
            for index, atoms in enumerate(clusters)
            if atoms.info["system"] == system and atoms.info["status"] == "ok"
        ],
        columns=["solvation_class", "key", "index"],
    ).sort_values("key")
    rows["turn"] = rows.groupby("solvation_class").cumcount()
    chosen = rows.sort_values(["turn", "solvation_class"])["index"].head(n)
    return [clusters[index] for index in chosen]


class ElfTask:
    """ELF around the nucleus of labelled clusters; see `ionshift.labels.workers`."""

    record_columns = RECORD_COLUMNS
    workers_key = "labelling.workers"
    name_key = "cluster_id"

    def __init__(self, protocol: Protocol, settings: Elf):
        self.protocol = protocol
        self.settings = settings

    def key_of(self, atoms: Atoms) -> str:
        """See `key_of`."""
        return key_of(atoms, self.protocol, self.settings)

    def is_enough(self, record: Mapping[str, Any], atoms: Atoms) -> bool:
        """A record holds all surfaces and spheres of its key; a failure stays until retried."""
        return True

    def compute(self, atoms: Atoms, last_failure: Mapping[str, Any] | None) -> dict[str, Any]:
        """See `compute`."""
        return compute(atoms, int(atoms.info["charge"]), self.protocol, self.settings)

    def describe(self, record: Mapping[str, Any]) -> str:
        """The size of the calculation."""
        return f"ELF with {record['n_basis']} functions"


def measure(
    clusters: list[Atoms],
    protocol: Protocol,
    settings: Elf,
    store: labels.LabelStore,
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> pd.DataFrame:
    """Measure clusters through the store, by processes; one row per cluster.

    What is in the store is taken from it, failures with their reason too.

    Parameters
    ----------
    clusters : labelled, the nucleus first
    store : see `open_store`
    workers : processes of one thread each

    Returns
    -------
    DataFrame with the columns `COLUMNS`. `radii_bohr` and `sphere_elf` are lists: for each
    isovalue (radius) in turn the values along all directions; missing without status ok.
    """
    keys = label_structures(clusters, ElfTask(protocol, settings), store, workers, log)
    rows = []
    for atoms, key in zip(clusters, keys, strict=True):
        record = store.get(key)
        row = {"key": key} | {name: atoms.info.get(name) for name in INFO_COLUMNS}
        rows.append(row | {name: record[name] for name in RECORD_COLUMNS})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def compute(atoms: Atoms, charge: int, protocol: Protocol, settings: Elf) -> dict[str, Any]:
    """One record: SCF of the protocol and the ELF around atom 0. Never raises for a cluster."""
    record = {"status": "failed", "reason": ""} | dict.fromkeys(RECORD_COLUMNS[2:])
    with engine.outcome_in(record):
        mf = ground_state(atoms, charge, protocol, record)
        field = field_around(mf.mol, mf.mo_coeff[:, mf.mo_occ > 0])
        units, _ = elf.directions(settings.degree)
        radii = elf.surface_radii(field, units, settings.all_isovalues())
        values = [field(radius * units) for radius in settings.all_radii_bohr()]
        record["radii_bohr"] = np.round(radii, 6).ravel().tolist()
        record["sphere_elf"] = np.round(values, 7).ravel().tolist()
    return record


def ground_state(atoms: Atoms, charge: int, protocol: Protocol, record: dict[str, Any]) -> Any:
    """The converged SCF of the label protocol, the nucleus (atom 0) at the origin."""
    basis.check_cluster(atoms, charge, [0])
    mol = basis.build_molecule(atoms, charge, protocol, 0)
    record["n_basis"] = int(mol.nao)
    mf, _ = engine.ground_state(mol, protocol, record)
    return mf


def field_around(
    mol: gto.Mole, occupied: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The ELF of doubly occupied orbitals as a function of positions (n, 3) in bohr.

    Parameters
    ----------
    mol : pyscf.gto.Mole with the nucleus at the origin
    occupied : (nao, n_occupied) orbital coefficients
    """

    def field(points):
        return np.concatenate(
            [
                _localization(mol, occupied, points[start : start + POINTS_PER_BLOCK])
                for start in range(0, len(points), POINTS_PER_BLOCK)
            ]
        )

    return field


def _localization(mol, occupied, points):
    functions = mol.eval_gto("GTOval_sph_deriv1", np.ascontiguousarray(points))
    orbitals = functions.reshape(-1, mol.nao) @ occupied
    value, *slopes = orbitals.reshape(4, len(points), -1)
    density = 2 * (value**2).sum(axis=1)
    gradient = np.array([4 * (value * slope).sum(axis=1) for slope in slopes])
    kinetic = sum((slope**2).sum(axis=1) for slope in slopes)
    return elf.localization(density, gradient, kinetic)
