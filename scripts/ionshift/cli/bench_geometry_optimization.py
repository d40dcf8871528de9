"""What geometry optimization does to shieldings, for some clusters of each class of a set.

The settings are the defaults of the block `geometry_optimization`, the protocol is `fast`.
Optimized geometries and labels go to their stores: a second run goes on where the first stopped,
and with more clusters it keeps those of the first. Leaves geometry_optimization_clusters.csv and
geometry_optimization.csv in results/benchmarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ionshift.config import protocol as config_protocol
from ionshift.config.geometry_optimization import GeometryOptimization
from ionshift.core.files import write_table
from ionshift.labels import geometry_optimization, geometry_optimization_summary, sets
from ionshift.labels import store as labels_store
from ionshift.labels.shieldings import label_clusters
from ionshift.solvation.classes import CLASSES
from ionshift.studies import registry
from ionshift.systems import electrolyte

if TYPE_CHECKING:
    from ase import Atoms

FOLDER = Path("results/benchmarks")
STUDY = Path("config/config.yaml")
SEED = 1


def main(source: Path, per_class: int, workers: int = 1) -> None:
    study, settings = registry.load(STUDY), GeometryOptimization()
    clusters = spread_over_classes(sets.read_clusters(source), int(per_class))
    task = geometry_optimization.OptimizationTask(settings, electrolyte.elements(study.electrolyte))
    optimized, table = geometry_optimization.optimize_clusters(
        clusters,
        task,
        geometry_optimization.open_store(settings.store),
        study.electrolyte,
        study.shell.ligand_elements,
        int(workers),
    )
    store, protocol = (
        labels_store.LabelStore(study.labelling.store),
        config_protocol.PROTOCOLS["fast"],
    )
    sets.import_label_set(Path(source), protocol, store)
    by_geometry = [
        label_clusters(one, protocol, store, int(workers)) for one in (clusters, optimized)
    ]
    found = geometry_optimization_summary.cluster_table(table, *by_geometry)
    # Shares of the classes in the MD behind the set are not known here: no mean over classes.
    groups = geometry_optimization_summary.group_table(
        found.assign(system=geometry_optimization_summary.EVERY), pd.DataFrame()
    ).drop_duplicates(["system", "solvation_class"])
    print(groups.dropna(axis=1, how="all").to_string(index=False, float_format="%.3f"))
    for name, one in {
        "geometry_optimization_clusters": found,
        "geometry_optimization": groups,
    }.items():
        write_table(one, FOLDER / f"{name}.csv", name)


def spread_over_classes(clusters: Sequence[Atoms], per_class: int) -> list[Atoms]:
    """The first clusters of each class in a random order that does not depend on their number."""
    rng, chosen = np.random.default_rng(SEED), []
    for name in CLASSES:
        part = [atoms for atoms in clusters if atoms.info["solvation_class"] == name]
        chosen += [part[i] for i in rng.permutation(len(part))[:per_class]]
    return chosen
