"""Computing labels: structures go through the store, what is missing is computed by processes.

What is computed is a `task.LabelTask`, an object that can be pickled.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase import Atoms

    from ionshift.labels.store import LabelStore
    from ionshift.labels.task import LabelTask

RETIRE_S = 30
"""A worker that has not ended this long after its last label is stopped."""
ATTEMPTS = 2
"""How often a structure is tried whose process is killed."""
STOP_S = 5
"""A worker that was told to end at once is killed after this long."""
STOPPING = (
    "interrupted: no new label begins, those in progress are finished and kept; "
    "Ctrl-C once more loses them and ends at once"
)


def label_structures(
    structures: Sequence[Atoms],
    task: LabelTask,
    store: LabelStore,
    workers: int = 1,
    log: Callable[[str], None] = print,
    kind: str = "clusters",
) -> list[str]:
    """Label structures through the store.

    Labels in the store are not computed again. The others are computed by `workers`
    processes of one thread each and stored as they finish, those with most electrons first: a
    large one at the end would leave the other workers idle. A label whose process is killed is
    tried once more, then it is stored as failed; the others go on. After Ctrl-C (SIGINT) labels in
    progress are finished and stored, then KeyboardInterrupt is raised; a second one ends at once.

    Parameters
    ----------
    structures : list of Atoms
    task : what is computed of them, a `task.LabelTask`
    store : labels.LabelStore
    kind : what the structures are called in the log

    Returns
    -------
    list of the labels' keys, in the order of `structures`
    """
    keys = [task.key_of(atoms) for atoms in structures]
    for key in keys:
        aside = store.set_damaged_aside(key)
        if aside:
            log(f"a label file was damaged (truncated or edited), computing it again: see {aside}")
    waiting = {
        key: atoms
        for key, atoms in zip(keys, structures, strict=True)
        if not _is_there(key, atoms, task, store)
    }
    n_known = len(set(keys)) - len(waiting)
    log(f"{len(structures)} {kind}: {n_known} labels in the store, {len(waiting)} to compute")
    finished = _compute_all(waiting, task, store, workers, log)
    for count, (key, record, found) in enumerate(finished, start=1):
        name, elsewhere = _name(waiting[key], key, task), ", by another process" if found else ""
        log(f"label {count}/{len(waiting)} {name}: {_summary(record, task)}{elsewhere}")
    return keys


def _is_there(key, atoms, task, store):
    return key in store and task.is_enough(store.get(key), atoms)


def _name(atoms, key, task):
    return atoms.info.get(task.name_key, key[:12])


def _summary(record, task):
    if record["status"] == "ok":
        return f"{task.describe(record)} in {record['wall_s']:.0f} s"
    return f"{record['status']}, {record['reason']}"


class _Worker:
    """A process that computes one label after another; its end of the pipe tells if it died."""

    def __init__(self, task, store):
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, task, store), daemon=True)
        with _without_interrupts():  # it inherits that, so Ctrl-C at its start shows no traceback
            self.process.start()
        theirs.close()
        self.key = None

    def give(self, key: str, atoms: Atoms) -> None:
        self.key = key
        with suppress(BrokenPipeError):  # killed already: `answer` says so
            self.pipe.send((key, atoms))

    def answer(self) -> tuple[dict[str, Any], bool] | None:
        """(record, found) of the label; None if the process was killed."""
        try:
            answer = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            return None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def retire(self) -> None:
        """End it between two labels, all of which are stored."""
        with suppress(BrokenPipeError):  # killed already
            self.pipe.send(None)
        self.process.join(RETIRE_S)
        if self.process.is_alive():
            self.stop()

    def stop(self) -> None:
        """End it at once; the label it computes is lost, its claim released."""
        self.process.terminate()
        self.process.join(STOP_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextmanager
def _without_interrupts():
    """Ignore SIGINT in the block, where this is the main thread: others cannot set signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Interrupts:
    """Counts SIGINT in its block: the first asks to stop, the second raises KeyboardInterrupt."""

    def __init__(self):
        self.asked = False
        self._before = None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _take(self, *_):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        os.write(sys.__stderr__.fileno(), f"{STOPPING}\n".encode())


def _end(*_):
    sys.exit(128 + signal.SIGTERM)


def _serve(pipe, task, store):
    """Answer requests until the other end of the pipe is closed.

    Ctrl-C reaches all processes of a terminal: the one at the other end says what follows from it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    while True:
        try:
            request = pipe.recv()
        except EOFError:
            return
        if request is None:
            return
        try:
            answer = compute_one(*request, task, store)
        except Exception as error:
            answer = error
        pipe.send(answer)


def _compute_all(waiting, task, store, workers, log):
    """Yield (key, record, found in the store meanwhile) of every waiting label."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    largest_first = sorted(waiting, key=lambda key: waiting[key].numbers.sum(), reverse=True)
    queue, tries = deque(largest_first), dict.fromkeys(waiting, 0)
    busy = []
    with _Interrupts() as interrupts:
        try:
            for _ in range(min(workers, len(queue))):
                busy.append(_start(queue, waiting, tries, task, store))
            while busy:
                ready = connection.wait([worker.pipe for worker in busy])
                for worker in [worker for worker in busy if worker.pipe in ready]:
                    key, answer = worker.key, worker.answer()
                    if answer is not None:
                        yield key, *answer
                    elif tries[key] < ATTEMPTS:
                        name = _name(waiting[key], key, task)
                        log(f"{name}: {_death(worker, task)}; trying once more")
                        queue.append(key)
                    else:
                        yield key, _store_death(key, worker, task, store), False
                    more = queue and not interrupts.asked
                    if answer is None or not more:
                        worker.retire()
                        busy.remove(worker)
                        if more:
                            busy.append(_start(queue, waiting, tries, task, store))
                    else:
                        _give_next(worker, queue, waiting, tries)
        finally:
            for worker in busy:
                worker.stop()
    if interrupts.asked and queue:
        log(f"interrupted; {len(queue)} labels are left for the next run")
        raise KeyboardInterrupt


def _start(queue, waiting, tries, task, store):
    worker = _Worker(task, store)
    _give_next(worker, queue, waiting, tries)
    return worker


def _give_next(worker, queue, waiting, tries):
    key = queue.popleft()
    tries[key] += 1
    worker.give(key, waiting[key])


def _death(worker, task):
    return (
        f"its process was killed (exit code {worker.process.exitcode}; -9 is often a lack of "
        f"memory: fewer {task.workers_key} need less)"
    )


def _store_death(key, worker, task, store):
    record = dict.fromkeys(task.record_columns)
    record |= {"status": "failed", "reason": f"{_death(worker, task)}, {ATTEMPTS} times"}
    store.put(key, record)
    return record


def compute_one(
    key: str, atoms: Atoms, task: LabelTask, store: LabelStore
) -> tuple[dict[str, Any], bool]:
    """(record, False), or (record, True) where another process stored the label meanwhile."""
    with store.claim(key):
        if _is_there(key, atoms, task, store):
            return store.get(key), True
        record = task.compute(atoms, store.last_failure(key))
        store.put(key, record)
    return record, False
