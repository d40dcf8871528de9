"""Shielding labels of clusters: through the store, as rows, retried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ionshift.config.protocol import Protocol
from ionshift.dft import engine, gpu
from ionshift.labels import store as labels_store
from ionshift.labels.table import RECORD_COLUMNS, label_table
from ionshift.labels.workers import label_structures

if TYPE_CHECKING:
    import pandas as pd
    from ase import Atoms


class ShieldingTask:
    """Shieldings of clusters (`charge` in info, the nucleus first) by a `config.Protocol`.

    elements : further nuclei whose shieldings are wanted
    on_gpu : the SCF begins on a GPU
    """

    record_columns = RECORD_COLUMNS
    workers_key = "labelling.workers"
    name_key = "cluster_id"

    def __init__(self, protocol, elements=(), on_gpu=False):
        self.protocol = protocol
        self.elements = elements
        self.on_gpu = on_gpu

    def key_of(self, atoms: Atoms) -> str:
        return labels_store.label_key(atoms, atoms.info["charge"], self.protocol)

    def is_enough(self, record: Mapping[str, Any], atoms: Atoms) -> bool:
        return labels_store.is_enough(record, labels_store.nuclei_of(atoms, self.elements))

    def compute(self, atoms: Atoms, last_failure: Mapping[str, Any] | None) -> dict[str, Any]:
        return engine.compute(
            atoms,
            int(atoms.info["charge"]),
            self.protocol,
            nuclei=labels_store.nuclei_of(atoms, self.elements),
            first_recipe=engine.next_recipe(last_failure),
            on_gpu=self.on_gpu,
        )

    def describe(self, record: Mapping[str, Any]) -> str:
        return f"{record['shielding_ppm']:.3f} ppm"


def label_clusters(
    clusters: Sequence[Atoms],
    protocol: Protocol,
    store: labels_store.LabelStore,
    workers: int = 1,
    log: Callable[[str], None] = print,
    protocol_name: str | None = None,
    elements: Sequence[str] = (),
    device: str = "cpu",
) -> pd.DataFrame:
    """Label clusters through the store and return one row a cluster.

    See `label_workers.label_structures`.

    Parameters
    ----------
    clusters : list of Atoms with `charge` in info, the nucleus first
    protocol : config.Protocol
    store : labels.LabelStore
    protocol_name : the protocol's name, to say when the name stood for other settings before
    elements : elements whose nuclei get their shieldings as well; a label in the store that lacks
        them is computed again and completed
    device : cpu, gpu or auto, see `shielding.gpu`

    Returns
    -------
    DataFrame with the columns `labels.COLUMNS`, in the order of `clusters`
    """
    if protocol_name:
        _say_what_changed(protocol_name, protocol, store, log)
    task = ShieldingTask(protocol, elements, gpu.chosen(device))
    keys = label_structures(clusters, task, store, workers, log)
    return label_table(clusters, keys, store, protocol, elements)


def _say_what_changed(name, protocol, store, log):
    now = protocol.model_dump(mode="json")
    for old_hash, old in store.note_protocol(name, protocol):
        changes = ", ".join(
            f"{key} was {old.get(key)!r}, is {value!r}"
            for key, value in now.items()
            if key in old and old[key] != value
        )
        log(
            f"protocol '{name}' stood for other settings before ({changes}): labels made with "
            f"those (hash {old_hash}) stay in the store and are not used"
        )


def retry_failed(
    clusters: Sequence[Atoms], protocol: Protocol, store: labels_store.LabelStore
) -> list[int]:
    """Put the labels that are not ok aside, so that they alone are computed again.

    Each starts with the SCF recipe after the one that failed. Returns the positions of their
    clusters.
    """
    keys = [labels_store.label_key(atoms, atoms.info["charge"], protocol) for atoms in clusters]
    return [position for position, key in enumerate(keys) if store.discard(key)]
