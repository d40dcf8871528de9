"""The label commands in a study's folder; the records are stand-ins, no DFT runs."""

import json
from types import SimpleNamespace

import ase.io
import numpy as np
import pandas as pd
import pytest
import yaml
from test_labels import SMALL, lithium_water

from ionshift.cli import export_labels, labels_status, relabel, retry_labels
from ionshift.core.errors import InputError
from ionshift.core.files import write_table
from ionshift.labels import sets
from ionshift.labels import store as labels_store
from ionshift.labels.table import RECORD_COLUMNS, label_table


def record(status, value=90.0, wall_s=60.0, **more):
    tensor = (value * np.eye(3)).tolist() if status == "ok" else None
    return dict.fromkeys(RECORD_COLUMNS) | {
        "status": status,
        "reason": "" if status == "ok" else "SCF not converged",
        "shielding_ppm": value if status == "ok" else None,
        "shielding_tensor_ppm": tensor,
        "efg_tensor_au": np.diag([0.1, 0.1, -0.2]).tolist(),
        "wall_s": wall_s,
        "cpu_s": wall_s,
        "max_rss_MB": 300.0,
        **more,
    }


RECORDS = (
    record("ok", 90.0),
    record("unconverged", scf_recipe="plain"),
    record("ok", 91.0, wall_s=180.0),
    None,
)


@pytest.fixture
def study(tmp_path, monkeypatch, root):
    """A folder with a study of four clusters at 1M: two ok, one unconverged, one to do."""
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    config["systems"] = {"1M": config["systems"]["1M"], "2M": config["systems"]["2M"]}
    config["sampling"] = {"n_clusters": 4}
    config["labelling"] = {
        "protocol": "small",
        "protocols": {"small": SMALL.model_dump(mode="json")},
        "store": "store",
        "shard_size": 2,
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config))
    results = tmp_path / "results" / config["study"]
    clusters = [lithium_water(1.8 + 0.1 * number) for number in range(4)]
    (results / "clusters").mkdir(parents=True)
    ase.io.write(results / "clusters" / "1M.extxyz", clusters, format="extxyz")
    clusters = sets.read_clusters(results / "clusters" / "1M.extxyz")
    keys = [labels_store.label_key(atoms, 1, SMALL) for atoms in clusters]
    store = labels_store.LabelStore("store")
    for key, known in zip(keys, RECORDS, strict=True):
        if known:
            store.put(key, known)
    return results, clusters, keys, store


def test_status_counts_each_system(study, capsys):
    """1M: 1 to do at the mean of 60, 60 and 180 s; 2M: not sampled yet, 4 to do at that mean."""
    labels_status.main("study.yaml")
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].split() == ["1M", "4", "2", "1", "0", "1", "0.028", "0.028"]
    assert lines[4].split() == ["2M", "4", "0", "0", "0", "4", "0.028", "0.111"]
    assert lines[5] == "2 ok, 1 unconverged, 0 failed, 5 to do; core-hours left: 0.14"


def test_retry_forgets_failures_alone(study, capsys):
    results, _, keys, store = study
    shards = results / "labels" / "shards"
    shards.mkdir(parents=True)
    for number in range(2):
        (shards / f"1M_{number}.parquet").touch()
    retry_labels.main("study.yaml")
    assert capsys.readouterr().out == "1 failed labels will be computed again\n"
    assert [key in store for key in keys] == [True, False, True, False]
    assert store.last_failure(keys[1])["scf_recipe"] == "plain"
    assert [path.name for path in shards.iterdir()] == ["1M_1.parquet"]
    retry_labels.main("study.yaml")
    assert capsys.readouterr().out == "0 failed labels will be computed again\n"


def test_retry_forgets_failures_of_optimized_clusters(study, capsys):
    results = study[0]
    (results / "clusters").rename(results / "clusters_optimized")
    shards = results / "labels" / "optimized_shards"
    shards.mkdir(parents=True)
    for number in range(2):
        (shards / f"1M_{number}.parquet").touch()
    retry_labels.main("study.yaml")
    assert capsys.readouterr().out == "1 failed labels will be computed again\n"
    assert [path.name for path in shards.iterdir()] == ["1M_1.parquet"]


def finish(study):
    """Write what the workflow leaves of the first three clusters."""
    results, clusters, keys, store = study
    table = label_table(clusters[:3], keys[:3], store, SMALL)
    (results / "labels").mkdir(exist_ok=True)
    table.to_parquet(results / "labels" / "labels.parquet", index=False)
    sets.write_label_set(results / "labels" / "labels.extxyz", clusters[:3], table)
    summary = results / "md" / "1M" / "0" / "md_summary.json"
    summary.parent.mkdir(parents=True)
    summary.write_text(json.dumps({"versions": {"openmm": "0"}}))
    speciation = {"system": ["1M", "1M"], "solvation_class": ["SSIP", "CIP"], "share": [0.75, 0.25]}
    others = dict.fromkeys(("share_err", "mean_shift_ppm"), 0.1)
    others |= {f"mean_shift_{kind}_err_ppm": 0.1 for kind in ("sampling", "model")}
    write_table(
        pd.DataFrame(speciation | others | {"molarity_M": 1.0, "n_environments": 4}),
        results / "tables" / "speciation.csv",
    )


def test_exported_set_can_be_imported(study, tmp_path):
    finish(study)
    export_labels.main("study.yaml", "mine")
    target = tmp_path / "resources" / "labels"
    other = labels_store.LabelStore(tmp_path / "other")
    clusters, table = sets.import_label_set(target / "mine.extxyz", SMALL, other)
    assert table["shielding_ppm"].tolist() == [90.0, 91.0]
    assert len(clusters) == 2
    assert len(pd.read_parquet(target / "mine.parquet")) == 3
    provenance = json.loads((target / "mine.provenance.json").read_text())
    assert provenance["labels"] == {"ok": 2, "unconverged": 1}
    assert provenance["protocol_hash"] == labels_store.protocol_hash(SMALL)
    assert provenance["shielding_mean_ppm"] == 90.5
    assert provenance["ok_by_system_and_class"] == {"1M": {"SSIP": 2}}
    assert provenance["class_shares_in_md"] == {"1M": {"SSIP": 0.75, "CIP": 0.25}}
    assert provenance["commands"][0] == "ionshift run study.yaml"


def test_damaged_labels_are_not_exported(study, tmp_path):
    finish(study)
    path = study[0] / "labels" / "labels.parquet"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"labels\.parquet is damaged"):
        export_labels.main("study.yaml", "mine")
    assert not (tmp_path / "resources").exists()


def test_labels_of_another_protocol_are_not_exported(study, tmp_path):
    finish(study)
    config = yaml.safe_load((tmp_path / "study.yaml").read_text())
    config["labelling"]["protocols"]["small"]["functional"] = "pbe"
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(InputError, match=r"labelling\.protocol = 'small' is \w+ now; run the st"):
        export_labels.main("study.yaml", "mine")
    assert not (tmp_path / "resources").exists()


def test_labels_of_one_protocol_are_exported(study, tmp_path, monkeypatch):
    """Of four clusters, two have an ok label: they are the set, and it can be imported."""
    _, clusters, keys, store = study
    monkeypatch.setattr(relabel, "Labelling", lambda: SimpleNamespace(store=store.folder))
    monkeypatch.setattr(relabel.protocol_benchmark, "variants", lambda: {"small": SMALL})
    table = label_table(clusters[:3], keys[:3], store, SMALL)
    sets.write_label_set(tmp_path / "source.extxyz", clusters[:3], table)
    relabel.main(tmp_path / "source.extxyz", "small", "two")
    target = tmp_path / "resources" / "labels"
    _, imported = sets.import_label_set(
        target / "two.extxyz", SMALL, labels_store.LabelStore(tmp_path / "other")
    )
    assert imported["shielding_ppm"].tolist() == [90.0, 91.0]
    provenance = json.loads((target / "two.provenance.json").read_text())
    assert provenance["labels"] == {"ok": 2}
    assert provenance["protocol_settings"] == SMALL.model_dump(mode="json")


def test_nothing_to_export_is_said(study, tmp_path, monkeypatch):
    _, clusters, keys, store = study
    monkeypatch.setattr(relabel, "Labelling", lambda: SimpleNamespace(store=store.folder))
    table = label_table(clusters[:1], keys[:1], store, SMALL)
    sets.write_label_set(tmp_path / "source.extxyz", clusters[:1], table)
    with pytest.raises(InputError, match="no label of protocol reference for the clusters of"):
        relabel.main(tmp_path / "source.extxyz", "reference", "none")
