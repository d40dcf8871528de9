import fcntl
import json
from dataclasses import dataclass, field
from pathlib import Path

import ase.io
import numpy as np
import pandas as pd
import pytest
from ase import Atoms

from ionshift.core import files
from ionshift.labels import sets
from ionshift.labels import store as labels_store
from ionshift.runs import costs, status
from ionshift.studies import registry


@dataclass
class Job:
    rule: str = "run_md"
    wildcards: dict = field(default_factory=lambda: {"system": "1M"})
    log: str = "none.log"
    benchmark: str = "benchmarks/run_md/1M_0.tsv"
    job: str = "1M_0"
    to_do: bool = True
    missing: bool = True
    reason: str = "Missing output files: x"


@pytest.fixture
def log(tmp_path):
    def write(text):
        path = tmp_path / "job.log"
        path.write_text(text)
        return str(path)

    return write


def test_states_of_a_job(log):
    assert status.state(Job(to_do=False, missing=False)) == "done"
    assert status.state(Job()) == "to do"
    assert status.state(Job(log=log("ERROR no such key"))) == "failed"
    assert status.state(Job(log=log("Traceback (most recent call last):"))) == "failed"
    assert status.state(Job(log=log("50 %"))) == "stopped"
    assert status.state(Job(log=log("finished"), missing=False)) == "to do"


def test_a_job_that_holds_its_lock_is_running(log):
    path = log("50 %")
    with files.alone(files.lock_of(path)):
        assert status.state(Job(log=path)) == "running"
    assert status.state(Job(log=path)) == "stopped"


def test_looking_does_not_take_the_lock(log):
    path = log("")
    assert not status.is_locked(path)
    with open(path, "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_stages_count_jobs_and_keep_the_unknown_apart():
    jobs = [
        Job(to_do=False, missing=False),
        Job(),
        Job(wildcards={"system": "2M"}),
        Job(rule="train_model", wildcards={}),
    ]
    cost_h = {"run_md": 2.0, "train_model": np.nan}
    table = status.stage_table(jobs, ["1M", "2M"], lambda job: cost_h[job.rule])
    rows = table.set_index(["rule", "system"])
    assert rows.loc[("run_md", "1M"), ["done", "to do", "core_h_left"]].tolist() == [1, 1, 2.0]
    assert rows.loc[("train_model", ""), ["core_h_left", "n_unknown"]].tolist() == [0.0, 1]


@pytest.fixture
def study(root, tmp_path):
    content = registry.load(root / "config" / "config.yaml").model_dump(mode="json")
    content["labelling"]["store"] = str(tmp_path / "store")
    content["sampling"]["n_clusters"] = 3
    content["systems"] = {name: content["systems"][name] for name in ("1M", "2M")}
    return registry.load(content)


@pytest.fixture
def results(study, tmp_path):
    """Three clusters of 1M: one label ok, one unconverged, one to do; none of 2M are chosen."""
    folder = tmp_path / "results" / "demo"
    clusters = [
        Atoms("LiO", positions=[[0, 0, 0], [0, 0, 1.9 + 0.1 * n]], info={"charge": 1})
        for n in range(3)
    ]
    (folder / "clusters").mkdir(parents=True)
    labels_path = folder / "clusters" / "1M.extxyz"
    ase.io.write(labels_path, clusters, format="extxyz")
    store = labels_store.LabelStore(study.labelling.store)
    protocol = study.labelling.chosen_protocol()
    for atoms, now in zip(clusters, ("ok", "unconverged"), strict=False):
        store.put(
            labels_store.label_key(atoms, 1, protocol), {"status": now, "shielding_ppm": 90.0}
        )
    return folder


def test_labels_of_a_system(study, results):
    rows = status.label_table(study, results.parent).set_index("system")
    counts = ["clusters", "ok", "unconverged", "failed", "to_do"]
    assert rows.loc["1M", counts].tolist() == [3, 1, 1, 0, 1]
    assert rows.loc["2M", counts].tolist() == [3, 0, 0, 0, 3]
    assert rows["chosen"].tolist() == [True, False]


def test_cost_left_follows_the_labels_of_the_system(study, results):
    """1M has a label of an hour; 2M has none of its own and takes the study's."""
    store = labels_store.LabelStore(study.labelling.store)
    atoms = sets.read_clusters(results / "clusters" / "1M.extxyz")[2]
    key = labels_store.label_key(atoms, 1, study.labelling.chosen_protocol())
    store.put(key, {"status": "failed", "shielding_ppm": None, "cpu_s": 3600.0})
    rows = status.label_table(study, results.parent).set_index("system")
    assert rows["core_h"].tolist() == [1.0, 1.0]
    assert rows["core_h_left"].tolist() == [0.0, 3.0]


def test_clusters_to_be_chosen_again_do_not_count(study, results):
    rows = status.label_table(study, results.parent, chosen_anew={"1M"}).set_index("system")
    assert rows.loc["1M", ["ok", "to_do", "chosen"]].tolist() == [0, 3, False]


def test_a_damaged_label_is_to_do(study, results):
    store = labels_store.LabelStore(study.labelling.store)
    path = next(Path(store.folder).rglob("*.json"))
    path.write_text(json.dumps({"key": "x"}))
    assert status.label_table(study, results.parent)["to_do"].tolist() == [2, 3]


def test_a_label_without_the_wanted_nuclei_is_to_do(study, results):
    content = study.model_dump(mode="json")
    content["labelling"]["nuclei"] = ["O"]
    rows = status.label_table(registry.load(content), results.parent).set_index("system")
    assert rows.loc["1M", ["ok", "unconverged", "to_do"]].tolist() == [0, 1, 2]


def write_label_costs(folder, study, cpu_s, protocol_hash=None):
    folder.mkdir(parents=True, exist_ok=True)
    known = protocol_hash or labels_store.protocol_hash(study.labelling.chosen_protocol())
    table = pd.DataFrame({"cpu_s": cpu_s, "protocol_hash": known})
    table.insert(0, "key", [f"{known}{n}" for n in range(len(table))])
    table.to_parquet(folder / f"{known}.parquet")


def test_a_label_costs_the_mean_of_its_protocol(study, tmp_path):
    write_label_costs(tmp_path / "labels", study, [1800.0, 5400.0])
    write_label_costs(tmp_path / "labels", study, [1e6], "another")
    write_label_costs(tmp_path / "labels" / "shards", study, [1800.0, 5400.0])
    protocol = study.labelling.chosen_protocol()
    assert status.label_core_h(protocol, [tmp_path / "labels"]) == 1.0
    assert np.isnan(status.label_core_h(protocol, [tmp_path / "none"]))


def outlook(study, jobs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "results"
    return status.Outlook(study, jobs, costs.Record(root, "demo"), root)


SHARDS = [
    Job("label_shard", {"system": "1M", "shard": "0"}, job="1M_0"),
    Job("label_shard", {"system": "1M", "shard": "1"}, job="1M_1"),
    Job("label_shard", {"system": "2M", "shard": "0"}, job="2M_0"),
]


def test_labels_left_are_shared_by_the_shards(study, results, tmp_path, monkeypatch):
    write_label_costs(results / "labels", study, [3600.0])
    left = outlook(study, SHARDS, tmp_path, monkeypatch)
    assert [left.core_h(job) for job in SHARDS] == [0.5, 0.5, 3.0]
    assert left.labels["core_h_left"].sum() == 4.0
    (row,) = left.plan().to_dict("records")
    assert (row["jobs"], row["core_h"], row["n_unknown"]) == (3, 4.0, 0)
    assert row["why"] == "no result yet"


def test_costs_of_labels_are_unknown_without_a_record(study, results, tmp_path, monkeypatch):
    left = outlook(study, SHARDS, tmp_path, monkeypatch)
    assert np.isnan(left.core_h(SHARDS[0]))
    assert left.plan()["n_unknown"].tolist() == [3]


def test_a_finished_study_has_an_empty_plan(study, results, tmp_path, monkeypatch):
    done = [Job(to_do=False, missing=False)]
    assert outlook(study, done, tmp_path, monkeypatch).plan().empty


@pytest.mark.parametrize(
    ("core_h", "n_unknown", "text"),
    [(0.0, 0, "0"), (0.256, 0, "0.26"), (123.4, 2, "123 + 2 unknown"), (0.0, 3, "unknown (3)")],
)
def test_hours_as_text(core_h, n_unknown, text):
    assert status.as_hours(core_h, n_unknown) == text
