"""Computing labels: clusters go through the store, what is missing is computed by processes."""

import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context

from ase import Atoms

from ionshift import labels, shielding
from ionshift.labels import LabelStore
from ionshift.shielding import gpu

RETIRE_S = 30
"""A worker that has not ended this long after its last label is stopped."""
ATTEMPTS = 2
"""How often a cluster is tried whose process is killed."""


@dataclass(frozen=True)
class Request:
    """A label to compute: the shielding of atom 0 and of further atoms."""

    key: str
    atoms: Atoms
    nuclei: tuple
    on_gpu: bool


def label_clusters(
    clusters,
    protocol,
    store,
    workers=1,
    log=print,
    protocol_name=None,
    elements=(),
    device="cpu",
):
    """Label clusters through the store and return one row a cluster.

    Labels in the store are not computed again. The others are computed by `workers`
    processes of one thread each and stored as they finish. A label whose process is killed is
    tried once more, then it is stored as failed; the others go on.

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
    keys = [labels.label_key(atoms, atoms.info["charge"], protocol) for atoms in clusters]
    for key in keys:
        aside = store.set_damaged_aside(key)
        if aside:
            log(f"a label file was damaged (truncated or edited), computing it again: see {aside}")
    waiting, on_gpu = {}, gpu.chosen(device)
    for key, atoms in zip(keys, clusters, strict=True):
        nuclei = tuple(labels.nuclei_of(atoms, elements))
        if not _is_there(key, nuclei, store):
            waiting[key] = Request(key, atoms, nuclei, on_gpu)
    n_known = len(set(keys)) - len(waiting)
    log(f"{len(clusters)} clusters: {n_known} labels in the store, {len(waiting)} to compute")
    finished = _compute_all(waiting, protocol, store, workers, log)
    for count, (request, record, found) in enumerate(finished, start=1):
        log(
            f"label {count}/{len(waiting)} {_name(request)}: {_summary(record)}"
            f"{', by another process' if found else ''}"
        )
    return labels.label_table(clusters, keys, store, protocol, elements)


def _is_there(key, nuclei, store):
    return key in store and labels.is_enough(store.get(key), nuclei)


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


def _name(request):
    return request.atoms.info.get("cluster_id", request.key[:12])


def _summary(record):
    if record["status"] == "ok":
        return f"{record['shielding_ppm']:.3f} ppm in {record['wall_s']:.0f} s"
    return f"{record['status']}, {record['reason']}"


class _Worker:
    """A process that computes one label after another; its end of the pipe tells if it died."""

    def __init__(self, protocol, folder):
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, protocol, folder), daemon=True)
        self.process.start()
        theirs.close()
        self.request = None

    def give(self, request):
        self.request = request
        with suppress(BrokenPipeError):  # killed already: `answer` says so
            self.pipe.send(request)

    def answer(self):
        """(record, found) of the label; None if the process was killed."""
        try:
            answer = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            return None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def retire(self):
        """End it between two labels, all of which are stored."""
        with suppress(BrokenPipeError):  # killed already
            self.pipe.send(None)
        self.process.join(RETIRE_S)
        if self.process.is_alive():
            self.stop()

    def stop(self):
        """End it at once; the label it computes is lost."""
        self.process.terminate()
        self.process.join()


def _serve(pipe, protocol, folder):
    """Answer requests until the other end of the pipe is closed."""
    store = LabelStore(folder)
    while True:
        try:
            request = pipe.recv()
        except EOFError:
            return
        if request is None:
            return
        try:
            answer = _compute_one(request, protocol, store)
        except Exception as error:
            answer = error
        pipe.send(answer)


def _compute_all(waiting, protocol, store, workers, log):
    """Yield (request, record, found in the store meanwhile) of every waiting label."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    queue, tries = deque(waiting.values()), dict.fromkeys(waiting, 0)
    busy = []
    try:
        for _ in range(min(workers, len(queue))):
            busy.append(_start(queue, tries, protocol, store))
        while busy:
            ready = connection.wait([worker.pipe for worker in busy])
            for worker in [worker for worker in busy if worker.pipe in ready]:
                request, answer = worker.request, worker.answer()
                if answer is not None:
                    yield request, *answer
                elif tries[request.key] < ATTEMPTS:
                    log(f"{_name(request)}: {_death(worker)}; trying once more")
                    queue.append(request)
                else:
                    yield request, _store_death(request.key, worker, store), False
                if answer is None or not queue:
                    worker.retire()
                    busy.remove(worker)
                    if queue:
                        busy.append(_start(queue, tries, protocol, store))
                else:
                    _give_next(worker, queue, tries)
    finally:
        for worker in busy:
            worker.stop()


def _start(queue, tries, protocol, store):
    worker = _Worker(protocol, store.folder)
    _give_next(worker, queue, tries)
    return worker


def _give_next(worker, queue, tries):
    request = queue.popleft()
    tries[request.key] += 1
    worker.give(request)


def _death(worker):
    return (
        f"its process was killed (exit code {worker.process.exitcode}; -9 is often a lack of "
        "memory: fewer labelling.workers need less)"
    )


def _store_death(key, worker, store):
    record = dict.fromkeys(labels.RECORD_COLUMNS)
    record |= {"status": "failed", "reason": f"{_death(worker)}, {ATTEMPTS} times"}
    store.put(key, record)
    return record


def _compute_one(request, protocol, store):
    """(record, False), or (record, True) where another process stored the label meanwhile."""
    key, atoms = request.key, request.atoms
    with store.claim(key):
        if _is_there(key, request.nuclei, store):
            return store.get(key), True
        recipe = shielding.next_recipe(store.last_failure(key))
        record = shielding.compute(
            atoms,
            int(atoms.info["charge"]),
            protocol,
            nuclei=request.nuclei,
            first_recipe=recipe,
            on_gpu=request.on_gpu,
        )
        store.put(key, record)
    return record, False


def retry_failed(clusters, protocol, store):
    """Put the labels that are not ok aside, so that they alone are computed again.

    Each starts with the SCF recipe after the one that failed. Returns the positions of their
    clusters.
    """
    keys = [labels.label_key(atoms, atoms.info["charge"], protocol) for atoms in clusters]
    return [position for position, key in enumerate(keys) if store.discard(key)]
