import json
import multiprocessing.util
import os
import signal
import subprocess
import sys
import time
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from ase import Atoms

from ionshift.config.protocol import PROTOCOLS, Protocol
from ionshift.core.errors import InputError
from ionshift.labels import gate, sets, shieldings
from ionshift.labels import store as labels_store
from ionshift.labels import workers as label_workers
from ionshift.labels.shieldings import label_clusters
from ionshift.labels.store import LabelStore
from ionshift.labels.table import RECORD_COLUMNS, join_tables, label_table, read_labels
from ionshift.solvation.classes import CLASSES

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
        "nucleus": 0,
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


@pytest.fixture(scope="module", autouse=True)
def forked_workers():
    """Workers inherit what is loaded: quicker than `spawn`, and they see what a test replaced."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(label_workers, "get_context", lambda method: get_context("fork"))
        yield


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
    key = labels_store.label_key(atoms, 1, SMALL)
    moved = atoms.copy()
    moved.positions += [3.0, -2.0, 1.0]
    assert labels_store.label_key(moved, 1, SMALL) == key
    assert labels_store.label_key(lithium_water(1.901), 1, SMALL) != key
    assert labels_store.label_key(atoms, -1, SMALL) != key
    assert labels_store.label_key(atoms, 1, SMALL.model_copy(update={"grid_level": 1})) != key


SETS = ("lifsi_dme_fast", "lifsi_dme_fast_2", "lifsi_dme_fast_3")


def shipped(root, name=SETS[0]):
    return root / "resources" / "labels" / f"{name}.extxyz"


@pytest.mark.parametrize("name", SETS)
def test_hash_of_the_shipped_labels_stands(root, store, name):
    """Keys added to the protocol since then leave it alone while they are at their defaults."""
    path = shipped(root, name)
    provenance = json.loads(path.with_suffix(".provenance.json").read_text())
    assert labels_store.protocol_hash(PROTOCOLS["fast"]) == provenance["protocol_hash"]
    assert (
        labels_store.protocol_hash(Protocol(**provenance["protocol_settings"]))
        == "758fb80ed6f93ceb"
    )
    _, table = sets.import_label_set(path, PROTOCOLS["fast"], store)
    before = pd.read_parquet(path.with_suffix(".parquet"))
    assert table["key"].tolist() == before["key"].tolist()
    assert provenance["labels"] == {"ok": len(table)}


def test_shipped_sets_hold_different_clusters_of_all_classes(root):
    tables = [pd.read_parquet(shipped(root, name).with_suffix(".parquet")) for name in SETS]
    whole = pd.concat(tables)
    assert whole["key"].is_unique
    assert (whole["status"] == "ok").all()
    for table in tables:
        assert set(table["solvation_class"]) == set(CLASSES)
        assert set(table["system"]) == {"1M", "2M", "3M", "4M"}


@pytest.mark.parametrize(
    "change",
    [{"solvent_epsilon": 7.2}, {"solvent_model": "C-PCM"}, {"grid_level": 1}, {"cphf_tol": 1e-3}],
)
def test_every_changed_key_changes_the_hash(change):
    assert labels_store.protocol_hash(
        SMALL.model_copy(update=change)
    ) != labels_store.protocol_hash(SMALL)


def test_every_first_key_is_still_a_key():
    assert set(labels_store.HASHED_ALWAYS) <= set(Protocol.model_fields)


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
    assert not store.discard("ab" * 32)
    assert not store.discard(table["key"][0])
    assert table["key"][0] in store
    assert store.last_failure("ab" * 32)["reason"] == "x"
    assert store.last_failure(table["key"][0]) is None


def test_a_retry_starts_with_the_next_recipe_and_forgets_the_failure(store):
    cluster = lithium_water(2.0)
    key = labels_store.label_key(cluster, 1, SMALL)
    failure = dict.fromkeys(RECORD_COLUMNS) | {"reason": "SCF", "scf_recipe": "plain"}
    store.put(key, failure | {"status": "unconverged"})
    assert shieldings.retry_failed([lithium_water(2.2), cluster], SMALL, store) == [1]
    table = label_clusters([cluster], SMALL, store, log=print)
    assert table["status"].tolist() == ["ok"]
    assert table["scf_recipe"].tolist() == ["damped"]
    assert store.last_failure(key) is None


def test_truncated_label_is_named(computed, store):
    _, table, source = computed
    key = table["key"][0]
    store.put(key, source.get(key))
    path = store.path(key)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError, match=rf"{path.name} is damaged .*delete it and rerun"):
        store.get(key)


def test_damaged_label_is_set_aside_and_computed_again(store):
    cluster = lithium_water(2.0)
    first = label_clusters([cluster], SMALL, store, log=print)
    path = store.path(first["key"][0])
    path.write_text(path.read_text()[:-20])
    messages = []
    again = label_clusters([cluster], SMALL, store, log=messages.append)
    assert "was damaged (truncated or edited), computing it again" in messages[0]
    assert str(path.with_suffix(".damaged")) in messages[0]
    assert path.with_suffix(".damaged").is_file()
    assert again["shielding_ppm"][0] == pytest.approx(first["shielding_ppm"][0], abs=1e-6)


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


def test_nuclei_complete_a_label_under_its_key(store):
    """A label without the wanted nuclei is computed again, the number of the centre stays."""
    cluster = lithium_water(2.0)
    plain = label_clusters([cluster], SMALL, store, log=print)
    assert plain["nuclei"].tolist() == [None]
    messages = []
    wanted = {"log": messages.append, "elements": ["O", "H"]}
    table = label_clusters([cluster], SMALL, store, **wanted)
    assert "0 labels in the store, 1 to compute" in messages[0]
    assert table["key"].tolist() == plain["key"].tolist()
    assert table["shielding_ppm"].tolist() == plain["shielding_ppm"].tolist()
    assert table["nuclei"][0] == [1, 2, 3]
    oxygen, *hydrogens = np.reshape(table["nuclei_tensors_ppm"][0], (3, 3, 3)).trace(0, 1, 2) / 3
    assert 250 < oxygen < 350
    assert hydrogens == pytest.approx([28, 28], abs=5)
    messages.clear()
    label_clusters([cluster], SMALL, store, **wanted)
    label_clusters([cluster], SMALL, store, log=messages.append)
    assert all("1 labels in the store, 0 to compute" in message for message in messages)
    label_clusters([cluster], SMALL, store, log=messages.append, elements=["H"])
    assert "1 labels in the store, 0 to compute" in messages[-1]


def test_nuclei_that_failed_leave_the_label_as_it_is(computed, store):
    _, table, source = computed
    key = table["key"][0]
    record = source.get(key)
    store.put(key, record)
    store.put(key, record | {"status": "unconverged", "nuclei": {1: np.eye(3).tolist()}})
    assert store.get(key) == record


def test_nuclei_of_an_unconverged_label_are_not_given(computed, store):
    clusters, table, source = computed
    key = table["key"][0]
    record = source.get(key) | {"status": "unconverged", "nuclei": {1: np.eye(3).tolist()}}
    store.put(key, record)
    shown = label_table(clusters[:1], [key], store, SMALL, ["O"])
    assert shown["nuclei"].tolist() == [None]


def test_many_nuclei_are_stored_and_read(store):
    """Ten and more: numbers and the text that JSON makes of them sort differently."""
    nuclei = {index: (index * np.eye(3)).tolist() for index in (0, 2, 10)}
    store.put("ab" * 32, {"status": "ok", "shielding_ppm": 90.0, "nuclei": nuclei})
    assert store.get("ab" * 32)["nuclei"]["10"] == nuclei[10]


def test_label_set_with_nuclei_round_trip(store, tmp_path):
    clusters = [lithium_water(2.0), lithium_water(2.1)]
    table = label_clusters(clusters, SMALL, store, log=print, elements=["O"])
    write_set(tmp_path / "set.extxyz", clusters, table)
    frame = sets.read_label_set(tmp_path / "set.extxyz")[0]
    values = frame.arrays["shielding_ppm"]
    assert values[0] == pytest.approx(table["shielding_ppm"][0], abs=1e-6)
    assert np.isfinite(values).tolist() == [True, True, False, False]
    other = LabelStore(tmp_path / "other")
    again, imported = sets.import_label_set(tmp_path / "set.extxyz", SMALL, other, ["O"])
    assert np.allclose(imported["nuclei_tensors_ppm"][1], table["nuclei_tensors_ppm"][1])
    messages = []
    label_clusters(clusters, SMALL, other, log=messages.append, elements=["O"])
    assert "0 to compute" in messages[0]
    sets.write_label_set(tmp_path / "plain.extxyz", again, imported.assign(nuclei=None))
    assert "shielding_ppm" not in sets.read_label_set(tmp_path / "plain.extxyz")[0].arrays


def test_label_set_round_trip(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    sets.write_label_set(path, clusters, table)
    _, imported = sets.import_label_set(path, SMALL, store)
    assert imported["key"].tolist() == table["key"].tolist()
    assert np.allclose(imported["shielding_ppm"], table["shielding_ppm"])
    tensor = imported["shielding_tensor_ppm"][0]
    assert np.trace(np.reshape(tensor, (3, 3))) / 3 == pytest.approx(table["shielding_ppm"][0])
    assert table["key"][0] in store


def test_corrupted_label_set_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    sets.write_label_set(path, clusters, table)
    path.write_text(path.read_text()[:-60])
    with pytest.raises(InputError, match=r"set\.extxyz is not a readable extxyz file"):
        sets.import_label_set(path, SMALL, store)


def write_set(path, clusters, table):
    sets.write_label_set(path, clusters, table)
    table.to_parquet(path.with_suffix(".parquet"), index=False)


def test_label_set_cut_between_two_entries_is_refused(computed, store, tmp_path):
    """Still a valid extxyz file: the table beside it knows of the other label."""
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    write_set(path, clusters, table)
    sets.import_label_set(path, SMALL, store)
    sets.write_label_set(path, clusters[:1], table[:1])
    with pytest.raises(InputError, match=r"lacks 1 of the 2 ok labels in .*restore"):
        sets.import_label_set(path, SMALL, store)


def test_label_set_with_an_edited_value_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    write_set(path, clusters, table)
    edited = table.assign(
        shielding_ppm=table["shielding_ppm"] + [0.0, 0.3], shielding_tensor_ppm=None
    )
    sets.write_label_set(path, clusters, edited)
    with pytest.raises(InputError, match=r"one was edited, restore both"):
        sets.import_label_set(path, SMALL, store)


def test_label_set_with_a_damaged_table_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    write_set(path, clusters, table)
    beside = path.with_suffix(".parquet")
    beside.write_bytes(beside.read_bytes()[:-50])
    with pytest.raises(InputError, match=r"set\.parquet is damaged"):
        sets.import_label_set(path, SMALL, store)


def test_label_set_with_two_values_for_a_key_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    other = table.assign(shielding_ppm=table["shielding_ppm"] + 0.5, shielding_tensor_ppm=None)
    twice = pd.concat([table, other])
    sets.write_label_set(path, clusters * 2, twice)
    with pytest.raises(InputError, match="entries 0 and 2 have one key"):
        sets.import_label_set(path, SMALL, store)


def test_joined_tables_have_every_key_once():
    first = pd.DataFrame(
        {"key": ["a", "b"], "status": ["ok", "failed"], "shielding_ppm": [90.0, np.nan]}
    ).assign(cluster_id=["0", "1"])
    second = pd.DataFrame(
        {"key": ["b", "a", "c"], "status": ["ok"] * 3, "shielding_ppm": [91.0, 90.001, 92.0]}
    ).assign(cluster_id=["1", "0", "2"])
    joined = join_tables([first, second])
    assert sorted(joined["key"]) == ["a", "b", "c"]
    assert joined.set_index("key")["shielding_ppm"].to_dict() == {"a": 90.0, "b": 91.0, "c": 92.0}
    second.loc[1, "shielding_ppm"] = 90.5
    with pytest.raises(InputError, match=r"two values for label a: 90\.0000, 90\.5000 ppm"):
        join_tables([first, second])


def test_two_clusters_of_one_name_are_not_joined():
    """A set made by an earlier MD of the same study: the geometries would be mixed up."""
    tables = [
        pd.DataFrame({"key": [key], "cluster_id": "set/1M/r0/f1/n0", "status": "ok"}).assign(
            shielding_ppm=90.0
        )
        for key in "ab"
    ]
    with pytest.raises(InputError, match="set/1M/r0/f1/n0 is the name of 2 different clusters"):
        join_tables(tables)


@pytest.mark.parametrize("content", [b"", b"PAR1 rubbish PAR1"])
def test_damaged_table_is_named(tmp_path, content):
    path = tmp_path / "shard.parquet"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"shard\.parquet is damaged .*restore it"):
        read_labels(path)


def test_a_name_given_to_other_settings_uses_no_old_label(store):
    cluster = lithium_water(2.0)
    messages = []
    settings = {"workers": 1, "log": messages.append, "protocol_name": "mine"}
    first = label_clusters([cluster], SMALL, store, **settings)
    assert not any("stood for" in message for message in messages)
    edited = SMALL.model_copy(update={"basis_far": "6-31g"})
    messages.clear()
    second = label_clusters([cluster], edited, store, **settings)
    assert "protocol 'mine' stood for other settings before" in messages[0]
    assert "basis_far was 'sto-3g', is '6-31g'" in messages[0]
    assert labels_store.protocol_hash(SMALL) in messages[0]
    assert "0 labels in the store, 1 to compute" in messages[1]
    assert second["key"][0] != first["key"][0]
    assert abs(second["shielding_ppm"][0] - first["shielding_ppm"][0]) > 1e-3
    assert first["key"][0] in store


FULL_DISK = """
import resource, sys
sys.path[:0] = {paths!r}
from test_labels import SMALL, lithium_water
from ionshift.core.errors import InputError
from ionshift.labels.shieldings import label_clusters
from ionshift.labels.store import LabelStore
if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
    try:
        label_clusters([lithium_water(2.0)], SMALL, LabelStore({store!r}))
    except InputError as error:
        print("InputError:", error)
"""


def shard_script(text, tmp_path, root, **values):
    """A Python file that labels clusters, for a process of its own."""
    script = tmp_path / "shard.py"
    unit = root / "tests" / "unit"
    paths = [str(root / "scripts"), str(unit), str(unit / "labels")]
    script.write_text(text.format(paths=paths, **values))
    return [sys.executable, str(script)]


def test_full_disk_leaves_no_half_label(store, tmp_path, root):
    """No file may grow beyond 500 bytes, less than a label."""
    command = shard_script(FULL_DISK, tmp_path, root, store=str(store.folder))
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert "InputError: cannot write" in run.stdout, run.stderr
    assert "make room" in run.stdout
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
    table = label_clusters([lithium_water(2.0)], SMALL, store, log=print)
    assert table["status"].tolist() == ["ok"]


class KillsItself:
    """Stands for the engine: at one cluster its process is killed, `deaths` times at most."""

    def __init__(self, deaths, folder):
        self.deaths, self.folder = deaths, folder

    def __call__(self, key, atoms, task, store):
        n_tries = len(list(self.folder.glob("try*")))
        if "/f2000/" in atoms.info["cluster_id"] and n_tries < self.deaths:
            (self.folder / f"try{n_tries}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return COMPUTE_ONE(key, atoms, task, store)


COMPUTE_ONE = label_workers.compute_one


@pytest.mark.parametrize(("deaths", "status"), [(1, "ok"), (9, "failed")])
def test_killed_worker_costs_one_label_at_most(store, tmp_path, monkeypatch, deaths, status):
    monkeypatch.setattr(label_workers, "compute_one", KillsItself(deaths, tmp_path))
    clusters = [lithium_water(distance) for distance in (1.9, 2.0, 2.1, 2.2)]
    messages = []
    table = label_clusters(clusters, SMALL, store, workers=2, log=messages.append)
    assert table["status"].tolist() == ["ok", status, "ok", "ok"]
    assert sum("was killed (exit code -9" in m and "once more" in m for m in messages) == 1
    if status == "failed":
        assert "was killed" in table["reason"][1]
        assert "2 times" in table["reason"][1]
        monkeypatch.setattr(label_workers, "compute_one", COMPUTE_ONE)
        assert shieldings.retry_failed(clusters, SMALL, store) == [1]
        assert (label_clusters(clusters, SMALL, store, log=print)["status"] == "ok").all()


def hang_at_exit(*arguments):
    multiprocessing.util.Finalize(None, time.sleep, args=(600,), exitpriority=1)
    return COMPUTE_ONE(*arguments)


def test_a_worker_that_hangs_at_its_end_holds_up_nothing(store, monkeypatch):
    monkeypatch.setattr(label_workers, "compute_one", hang_at_exit)
    monkeypatch.setattr(label_workers, "RETIRE_S", 0.5)
    clusters = [lithium_water(1.9), lithium_water(2.0)]
    before = time.monotonic()
    table = label_clusters(clusters, SMALL, store, workers=2, log=print)
    assert table["status"].tolist() == ["ok", "ok"]
    assert time.monotonic() - before < 500


TERMINATED_JOB = """
import sys
sys.path[:0] = {paths!r}
from types import SimpleNamespace
from ionshift.core.job import launch
from test_labels import SMALL, lithium_water
from ionshift.labels.shieldings import label_clusters
from ionshift.labels.store import LabelStore
clusters = [lithium_water(1.8 + 0.01 * i) for i in range(200)]
def main(snakemake, log):
    label_clusters(clusters, SMALL, LabelStore({store!r}), log=log)
if __name__ == "__main__":
    launch(main, SimpleNamespace(rule="label_shard", wildcards=["1M", "0"], log={log!r}))
"""


def test_a_terminated_job_says_so(store, tmp_path, root):
    """The log names the signal, and no label is left half done."""
    job_log = tmp_path / "job.log"
    command = shard_script(
        TERMINATED_JOB, tmp_path, root, store=str(store.folder), log=str(job_log)
    )
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 240
    while len(list(store.folder.glob("*/[!.]*.json"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.terminate()
    assert process.wait(timeout=60) == -signal.SIGTERM
    assert "label_shard/1M/0: ended by SIGTERM from outside" in job_log.read_text()
    for path in store.folder.glob("*/*.json"):
        assert store.get(path.stem)["status"] == "ok"


def test_a_fault_in_the_code_ends_the_shard(store, monkeypatch):
    """It is no property of the cluster: no failed label is stored."""

    def broken(*arguments):
        raise AttributeError("a bug")

    monkeypatch.setattr(label_workers, "compute_one", broken)
    with pytest.raises(AttributeError, match="a bug"):
        label_clusters([lithium_water(2.0)], SMALL, store, log=print)
    assert not list(store.folder.glob("*/*.json"))


SAME_SHARD = """
import sys
sys.path[:0] = {paths!r}
from test_labels import SMALL, lithium_water
from ionshift.labels.shieldings import label_clusters
from ionshift.labels.store import LabelStore
clusters = [lithium_water(1.8 + 0.02 * i) for i in range(8)]
if __name__ == "__main__":
    label_clusters(clusters, SMALL, LabelStore({store!r}), workers=2)
"""


def test_two_runs_of_one_shard_compute_no_label_twice(store, tmp_path, root):
    command = shard_script(SAME_SHARD, tmp_path, root, store=str(store.folder))
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    lines = [line for run in runs for line in run.communicate(timeout=300)[0].splitlines()]
    assert [run.returncode for run in runs] == [0, 0]
    own = [line for line in lines if line.startswith("label ") and "another process" not in line]
    assert len(own) == 8
    assert not list(store.folder.rglob("*.lock"))


def test_label_set_with_changed_geometry_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    stretched = [atoms.copy() for atoms in clusters]
    stretched[1].positions[1, 0] += 0.1
    sets.write_label_set(path, stretched, table)
    with pytest.raises(InputError, match="entry 1: the geometry does not match its key"):
        sets.import_label_set(path, SMALL, store)


def test_label_set_of_another_protocol_is_refused(computed, store, tmp_path):
    clusters, table, _ = computed
    path = tmp_path / "set.extxyz"
    sets.write_label_set(path, clusters, table)
    with pytest.raises(InputError, match=r"made with protocol .*labelling\.protocol"):
        sets.import_label_set(path, Protocol(), store)


def test_gate_counts_reasons():
    table = pd.DataFrame(
        {"status": ["ok", "failed", "failed"], "reason": ["", "odd electrons", "odd electrons"]}
    )
    gate.check_gate(table, 0.3)
    with pytest.raises(InputError, match=r"only 33% of 3 labels .*2 x odd electrons.*retry"):
        gate.check_gate(table, 0.9)


def test_clusters_with_most_electrons_come_first(store):
    lithium = lithium_water(2.0)[:1]
    lithium.info = lithium_water(2.0).info | {"cluster_id": "lithium"}
    clusters, messages = [lithium, lithium_water(1.9), lithium_water(2.1)], []
    table = label_clusters(clusters, SMALL, store, log=messages.append)
    assert [message.split()[2] for message in messages[1:]] == [
        "test/1M/r0/f1900/n0:",
        "test/1M/r0/f2100/n0:",
        "lithium:",
    ]
    assert table["cluster_id"].tolist() == [atoms.info["cluster_id"] for atoms in clusters]


KILLED_SHARD = """
import sys
sys.path[:0] = {paths!r}
from test_labels import SMALL, lithium_water
from ionshift.labels.shieldings import label_clusters
from ionshift.labels.store import LabelStore
clusters = [lithium_water(1.8 + 0.01 * i) for i in range(40)]
if __name__ == "__main__":
    label_clusters(clusters, SMALL, LabelStore({store!r}), workers={workers})
"""


def records(store):
    """Files of finished labels; one that is being written has a name with a dot in front."""
    return list(store.folder.glob("*/[!.]*.json"))


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_shard_goes_on_where_it_stopped(store, tmp_path, root, workers):
    command = shard_script(KILLED_SHARD, tmp_path, root, store=str(store.folder), workers=workers)
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + 120
    while len(records(store)) < 3:
        assert process.poll() is None, "the shard ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in records(store)}
    assert 3 <= len(finished) < 40
    clusters = [lithium_water(1.8 + 0.01 * i) for i in range(len(finished) + 2)]
    messages = []
    table = label_clusters(clusters, SMALL, store, log=messages.append)
    assert (table["status"] == "ok").all()
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in finished.items())
    n_new = len(records(store)) - len(finished)
    assert f"{n_new} to compute" in messages[0]
