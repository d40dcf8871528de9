"""Ctrl-C while labels are computed: what is in progress is kept, nothing is left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ionshift.core.job import INTERRUPTED
from ionshift.labels.store import LabelStore

ROOT = Path(__file__).resolve().parents[2]
JOB = """
import sys, time
from pathlib import Path
sys.path[:0] = {paths!r}
from types import SimpleNamespace
from ionshift.core.job import launch
from ionshift.labels.store import LabelStore
from ionshift.labels.workers import label_structures
from ase import Atoms

class Slow:
    record_columns, workers_key, name_key = ("status",), "labelling.workers", "cluster_id"
    def key_of(self, atoms):
        return atoms.info["key"]
    def is_enough(self, record, atoms):
        return True
    def compute(self, atoms, last_failure):
        Path({begun!r}, atoms.info["key"]).touch()
        time.sleep({seconds})
        return dict(status="ok", reason="", shielding_ppm=90.0, wall_s=1.0)
    def describe(self, record):
        return "done"

clusters = [Atoms("Li", info=dict(key=f"{{i:02d}}" * 32, cluster_id=f"c{{i}}")) for i in range(8)]
def main(snakemake, log):
    label_structures(clusters, Slow(), LabelStore({store!r}), 2, log)
if __name__ == "__main__":
    launch(main, SimpleNamespace(rule="label_shard", wildcards=["1M"], log={log!r}))
"""


def start(tmp_path, seconds):
    begun = tmp_path / "begun"
    begun.mkdir()
    script = tmp_path / "job.py"
    script.write_text(
        JOB.format(
            paths=[str(ROOT / "scripts")],
            begun=str(begun),
            seconds=seconds,
            store=str(tmp_path / "store"),
            log=str(tmp_path / "job.log"),
        )
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for(lambda: len(list(begun.iterdir())) == 2)
    return process, begun


def wait_for(condition, limit_s=60):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def left_behind(tmp_path):
    return [path.name for path in tmp_path.rglob("*") if path.suffix == ".lock"] + [
        path.name for path in tmp_path.rglob(".writing-*")
    ]


@pytest.mark.parametrize("to_all", [True, False])
def test_labels_in_progress_are_finished_and_kept(tmp_path, to_all):
    """A terminal sends SIGINT to all processes, a scheduler to the first alone."""
    process, begun = start(tmp_path, seconds=2)
    (os.killpg if to_all else os.kill)(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == INTERRUPTED, said
    assert "Traceback" not in said and "KeyboardInterrupt" not in said
    assert re.search(r"[1-7] labels are left for the next run", said)
    assert "interrupted (Ctrl-C); what is finished is kept" in said
    keys = {path.name for path in begun.iterdir()}
    assert 1 <= len(keys) < 8
    store = LabelStore(tmp_path / "store")
    assert all(store.get(key)["status"] == "ok" for key in keys)
    assert left_behind(tmp_path) == []


def test_a_second_time_ends_at_once(tmp_path):
    process, _ = start(tmp_path, seconds=600)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.5)
    before = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == INTERRUPTED, said
    assert time.monotonic() - before < 30
    assert "Traceback" not in said
    assert left_behind(tmp_path) == []
