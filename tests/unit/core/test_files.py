"""Work that one process at a time may do."""

import multiprocessing
import time

from ionshift.core.files import alone


def hold(path, held, seconds):
    with alone(path):
        held.set()
        time.sleep(seconds)


def holder(path, seconds):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold, args=(path, held, seconds))
    process.start()
    assert held.wait(30)
    return process


def test_the_second_process_waits_and_says_so(tmp_path):
    path, said = tmp_path / "folder" / "job.lock", []
    process = holder(path, 1.0)
    with alone(path, lambda: said.append("waiting")):
        process.join(30)
        assert process.exitcode == 0
        assert path.is_file()
    assert said == ["waiting"]
    assert not path.exists()


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    process = holder(tmp_path / "job.lock", 60)
    process.kill()
    process.join()
    said = []
    with alone(tmp_path / "job.lock", lambda: said.append("waiting")):
        assert said == []
