"""Shielding labels of clusters: through the store, as rows, retried, counted."""

from ionshift import labels, shielding
from ionshift.label_workers import label_structures


class ShieldingTask:
    """Shieldings of clusters (`charge` in info, the nucleus first) by a `config.Protocol`."""

    record_columns = labels.RECORD_COLUMNS
    workers_key = "labelling.workers"
    name_key = "cluster_id"

    def __init__(self, protocol):
        self.protocol = protocol

    def key_of(self, atoms):
        return labels.label_key(atoms, atoms.info["charge"], self.protocol)

    def compute(self, atoms, last_failure):
        recipe = shielding.next_recipe(last_failure)
        charge = int(atoms.info["charge"])
        return shielding.compute(atoms, charge, self.protocol, first_recipe=recipe)

    def describe(self, record):
        return f"{record['shielding_ppm']:.3f} ppm"


def label_clusters(clusters, protocol, store, workers=1, log=print, protocol_name=None):
    """Label clusters through the store and return one row a cluster.

    See `label_workers.label_structures`.

    Parameters
    ----------
    clusters : list of Atoms with `charge` in info, the nucleus first
    protocol : config.Protocol
    store : labels.LabelStore
    protocol_name : the protocol's name, to say when the name stood for other settings before

    Returns
    -------
    DataFrame with the columns `labels.COLUMNS`, in the order of `clusters`
    """
    if protocol_name:
        _say_what_changed(protocol_name, protocol, store, log)
    keys = label_structures(clusters, ShieldingTask(protocol), store, workers, log)
    return labels.label_table(clusters, keys, store, protocol)


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


def retry_failed(clusters, protocol, store):
    """Put the labels that are not ok aside, so that they alone are computed again.

    Each starts with the SCF recipe after the one that failed. Returns the positions of their
    clusters.
    """
    keys = [labels.label_key(atoms, atoms.info["charge"], protocol) for atoms in clusters]
    return [position for position, key in enumerate(keys) if store.discard(key)]


def status(clusters_of, n_planned, protocol, store, more_wall_s=()):
    """Progress of every system: a list of dicts, see `labels.progress`.

    Parameters
    ----------
    clusters_of : dict of system to the clusters chosen (empty: not chosen yet)
    n_planned : clusters of a system that are to be chosen
    more_wall_s : wall times of further labels of the protocol (shipped sets)
    """
    keys_of = {
        system: [labels.label_key(atoms, atoms.info["charge"], protocol) for atoms in clusters]
        for system, clusters in clusters_of.items()
    }
    records = [store.get(key) for keys in keys_of.values() for key in keys if key in store]
    wall_s = [record["wall_s"] for record in records if record.get("wall_s")] or list(more_wall_s)
    return [
        {
            "system": system,
            **labels.progress(clusters_of[system], keys, store, n_planned, wall_s),
        }
        for system, keys in keys_of.items()
    ]
