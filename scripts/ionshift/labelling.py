"""Computing labels: clusters go through the store, what is missing is computed by processes."""

import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from ionshift import labels, shielding
from ionshift.errors import InputError


def label_clusters(clusters, protocol, store, workers=1, log=print):
    """Label clusters through the store and return one row a cluster.

    Labels in the store are not computed again. The others are computed by `workers`
    processes of one thread each and stored as they finish.

    Parameters
    ----------
    clusters : list of Atoms with `charge` in info, the nucleus first
    protocol : config.Protocol
    store : labels.LabelStore

    Returns
    -------
    DataFrame with the columns `labels.COLUMNS`, in the order of `clusters`
    """
    keys = [labels.label_key(atoms, atoms.info["charge"], protocol) for atoms in clusters]
    waiting = {key: atoms for key, atoms in zip(keys, clusters, strict=True) if key not in store}
    n_known = len(clusters) - len(waiting)
    log(f"{len(clusters)} clusters: {n_known} labels in the store, {len(waiting)} to compute")
    finished = _compute_all(waiting, protocol, store, workers)
    for count, (key, record) in enumerate(finished, start=1):
        log(
            f"label {count}/{len(waiting)} {waiting[key].info.get('cluster_id', key[:12])}: "
            f"{_summary(record)}"
        )
    return labels.label_table(clusters, keys, store, protocol)


def _summary(record):
    if record["status"] == "ok":
        return f"{record['shielding_ppm']:.3f} ppm in {record['wall_s']:.0f} s"
    return f"{record['status']}, {record['reason']}"


def _compute_all(waiting, protocol, store, workers):
    jobs = [(key, atoms, protocol, store.folder) for key, atoms in waiting.items()]
    if workers == 1 or len(jobs) <= 1:
        for job in jobs:
            yield _compute_one(*job)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_compute_one, *job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            raise InputError(
                "a labelling worker was killed (out of memory?); finished labels are kept: "
                "lower labelling.workers or raise the job's memory and rerun"
            ) from None


def _compute_one(key, atoms, protocol, folder):
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    record = shielding.compute(atoms, int(atoms.info["charge"]), protocol)
    labels.LabelStore(folder).put(key, record)
    return key, record
