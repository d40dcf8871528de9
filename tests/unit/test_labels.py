import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from ase import Atoms

from ionshift import labels
from ionshift.config import Protocol
from ionshift.errors import InputError
from ionshift.labelling import label_clusters
from ionshift.labels import LabelStore

SMALL = Protocol(
    functional="hf", basis_centre="6-31g", basis_near="6-31g", basis_far="sto-3g", grid_level=0
)


def lithium_water(distance_A, charge=1):
    """Li+ and a water at a Li-O distance."""
    atoms = Atoms(
        "LiOHH",
        [
            [0, 0, 0],
            [distance_A, 0, 0],
            [distance_A + 0.59, 0.76, 0],
            [distance_A + 0.59, -0.76, 0],
        ],
    )
    atoms.info = {
        "charge": charge,
        "cluster_id": f"test/1M/r0/f{int(1000 * distance_A)}/n0",
        "system": "1M",
        "source": "test",
        "replica": 0,
        "frame": 0,
        "time_ps": 0.0,
        "li": 0,
        "n_anion": 0,
        "n_solvent": 1,
        "solvation_class": "SSIP",
        "coordination": 1,
        "lsi_A2": float("nan"),
        "cutoff_A": 2.8,
    }
    return atoms


@pytest.fixture
def store(tmp_path):
    return LabelStore(tmp_path / "store")


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Two clusters with their finished labels."""
    clusters = [lithium_water(1.9), lithium_water(2.1)]
    store = LabelStore(tmp_path_factory.mktemp("computed") / "store")
    return clusters, label_clusters(clusters, SMALL, store, log=lambda text: None), store


def test_labels_are_computed_and_differ(computed):
    _, table, _ = computed
    assert table["status"].tolist() == ["ok", "ok"]
    near, far = table["shielding_ppm"]
    assert near != pytest.approx(far, abs=1e-3)
    assert 80 < near < 100


def test_a_finished_label_is_not_computed_again(computed):
    clusters, table, store = computed
    before = {path: path.stat().st_mtime_ns for path in store.folder.glob("*/*.json")}
    messages = []
    again = label_clusters(clusters, SMALL, store, log=messages.append)
    assert "2 labels in the store, 0 to compute" in messages[0]
    assert before == {path: path.stat().st_mtime_ns for path in store.folder.glob("*/*.json")}
    pd.testing.assert_frame_equal(again, table)


def test_key_follows_geometry_charge_and_protocol():
    atoms = lithium_water(1.9)
    key = labels.label_key(atoms, 1, SMALL)
    moved = atoms.copy()
    moved.positions += [3.0, -2.0, 1.0]
    assert labels.label_key(moved, 1, SMALL) == key
    assert labels.label_key(lithium_water(1.901), 1, SMALL) != key
    assert labels.label_key(atoms, -1, SMALL) != key
    assert labels.label_key(atoms, 1, SMALL.model_copy(update={"grid_level": 1})) != key


def test_wrong_charge_becomes_a_failed_row(store):
    table = label_clusters([lithium_water(2.0, charge=0)], SMALL, store, log=print)
    assert table["status"].tolist() == ["failed"]
    assert "electron" in table["reason"].iloc[0]
    assert np.isnan(table["shielding_ppm"].astype(float)).all()


def test_failed_labels_are_discarded_alone(computed, store):
    _, table, source = computed
    store.put("ab" * 32, {"status": "failed", "reason": "x", "shielding_ppm": None})
    store.put(table["key"][0], source.get(table["key"][0]))
    assert store.discard("ab" * 32)
    assert not store.discard(table["key"][0])
    assert table["key"][0] in store


def test_truncated_label_is_named(computed, store):
    _, table, source = computed
    key = table["key"][0]
    store.put(key, source.get(key))
    path = store.path(key)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError, match=rf"{path.name} is damaged .*delete it and rerun"):
        store.get(key)


def test_edited_label_is_noticed(computed, store):
    _, table, source = computed
    key = table["key"][0]
    store.put(key, source.get(key))
    content = json.loads(store.path(key).read_text())
    content["record"]["shielding_ppm"] += 1.0
    store.path(key).write_text(json.dumps(content))
    with pytest.raises(InputError, match="damaged"):
        store.get(key)


def test_two_values_for_one_key_are_refused(computed, store):
    _, table, source = computed
    key = table["key"][0]
    record = source.get(key)
    store.put(key, record)
    with pytest.raises(InputError, match="two values for label"):
        store.put(key, record | {"shielding_ppm": record["shielding_ppm"] + 0.5})
    assert store.get(key) == record


def test_ok_record_survives_a_later_failure(computed, store):
    _, table, source = computed
    key = table["key"][0]
    store.put(key, source.get(key))
    store.put(key, {"status": "failed", "reason": "x", "shielding_ppm": None})
    assert store.get(key)["status"] == "ok"


def test_label_set_round_trip(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    labels.write_label_set(path, clusters, table)
    _, imported = labels.import_label_set(path, SMALL, store)
    assert imported["key"].tolist() == table["key"].tolist()
    assert np.allclose(imported["shielding_ppm"], table["shielding_ppm"])
    tensor = imported["shielding_tensor_ppm"][0]
    assert np.trace(np.reshape(tensor, (3, 3))) / 3 == pytest.approx(table["shielding_ppm"][0])
    assert table["key"][0] in store


def test_corrupted_label_set_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    labels.write_label_set(path, clusters, table)
    path.write_text(path.read_text()[:-60])
    with pytest.raises(InputError, match=r"set\.extxyz is not a readable extxyz file"):
        labels.import_label_set(path, SMALL, store)


def test_label_set_with_changed_geometry_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    stretched = [atoms.copy() for atoms in clusters]
    stretched[1].positions[1, 0] += 0.1
    labels.write_label_set(path, stretched, table)
    with pytest.raises(InputError, match="entry 1: the geometry does not match its key"):
        labels.import_label_set(path, SMALL, store)


def test_label_set_of_another_protocol_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    labels.write_label_set(path, clusters, table)
    with pytest.raises(InputError, match=r"made with protocol .*labelling\.protocol"):
        labels.import_label_set(path, Protocol(), store)


def test_gate_counts_reasons():
    table = pd.DataFrame(
        {"status": ["ok", "failed", "failed"], "reason": ["", "odd electrons", "odd electrons"]}
    )
    labels.check_gate(table, 0.3)
    with pytest.raises(InputError, match=r"only 33% of 3 labels .*2 x odd electrons.*retry"):
        labels.check_gate(table, 0.9)


KILLED_SHARD = """
import sys
sys.path[:0] = {paths!r}
from test_labels import SMALL, lithium_water
from ionshift.labelling import label_clusters
from ionshift.labels import LabelStore
clusters = [lithium_water(1.8 + 0.01 * i) for i in range(40)]
if __name__ == "__main__":
    label_clusters(clusters, SMALL, LabelStore({store!r}), workers={workers})
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_shard_goes_on_where_it_stopped(store, tmp_path, root, workers):
    script = tmp_path / "shard.py"
    paths = [str(root / "scripts"), str(root / "tests" / "unit")]
    script.write_text(KILLED_SHARD.format(paths=paths, store=str(store.folder), workers=workers))
    process = subprocess.Popen([sys.executable, script], start_new_session=True)
    deadline = time.monotonic() + 120
    while len(list(store.folder.glob("*/*.json"))) < 3:
        assert process.poll() is None, "the shard ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in store.folder.glob("*/*.json")}
    assert 3 <= len(finished) < 40
    clusters = [lithium_water(1.8 + 0.01 * i) for i in range(len(finished) + 2)]
    messages = []
    table = label_clusters(clusters, SMALL, store, log=messages.append)
    assert (table["status"] == "ok").all()
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in finished.items())
    n_new = len(list(store.folder.glob("*/*.json"))) - len(finished)
    assert f"{n_new} to compute" in messages[0]
