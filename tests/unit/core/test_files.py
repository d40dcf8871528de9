"""Files written whole, and work that one process at a time may do."""

import multiprocessing
import time

import pytest

from ionshift.core.files import alone, atomic_path


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


def write_slowly(path, begun):
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        begun.set()
        time.sleep(60)


def writer(path):
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    process = context.Process(target=write_slowly, args=(path, begun))
    process.start()
    assert begun.wait(30)
    return process


def test_the_next_writer_removes_what_a_killed_one_left(tmp_path):
    target, other = tmp_path / "1M.parquet", tmp_path / "1M_members.parquet"
    for path in (target, other):
        process = writer(path)
        process.kill()
        process.join()
    assert len(list(tmp_path.glob(".writing-*"))) == 2
    with atomic_path(target) as temporary:
        temporary.write_text("whole")
    left = [path.name for path in tmp_path.glob(".writing-*")]
    assert len(left) == 1 and left[0].startswith(".writing-1M_members-")
    assert target.read_text() == "whole"


def test_a_file_in_use_is_left_alone(tmp_path):
    process = writer(tmp_path / "1M.parquet")
    with atomic_path(tmp_path / "1M.parquet") as temporary:
        temporary.write_text("whole")
    assert len(list(tmp_path.glob(".writing-*"))) == 1
    process.kill()
    process.join()


def test_a_failed_writer_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "x.csv") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
