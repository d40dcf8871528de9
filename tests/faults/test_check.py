"""`ionshift check` on a finished study with one thing broken: file, reason, command, exit code."""

import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from frame_files import run_frames, write_run
from ionshift.cli import main
from ionshift.config.protocol import PROTOCOLS
from ionshift.labels import sets
from ionshift.labels.store import LabelStore
from ionshift.runs.archive import input_files
from ionshift.runs.manifest import manifest
from ionshift.studies import registry
from molecules import ROOT
from test_trajectories import electrolyte

CONFIG = "config/config.yaml"
RESULTS = "results/demo"
TRAJECTORY = f"{RESULTS}/md/1M/0/trajectory.xtc"
SHIFTS = f"{RESULTS}/tables/shifts.csv"
PREDICTIONS = f"{RESULTS}/predictions/1M.parquet"
LABELS = f"{RESULTS}/labels/labels.parquet"
CLUSTERS = f"{RESULTS}/labels/labels.extxyz"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A clone with a finished study: an MD, six shipped labels, a table, a model."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "Snakefile").touch()
    for name in ("config", "resources"):
        shutil.copytree(ROOT / name, folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        study = registry.load(CONFIG)
        results = folder / RESULTS
        write_run(results / "md/1M/0", electrolyte(), run_frames())
        _write_labels(results, LabelStore(study.labelling.store))
        for name in ("tables", "predictions", "model"):
            (results / name).mkdir()
        pd.DataFrame({"system": ["1M", "2M"], "shift_ppm": [-1.0, -1.5]}).to_csv(SHIFTS)
        pd.DataFrame({"shift_ppm": np.arange(100.0)}).to_parquet(PREDICTIONS)
        (results / "model/committee.pt").write_bytes(bytes(1000))
        record = manifest(study, [ROOT / path for path in input_files(study)], {}, results)
        (results / "manifest.json").write_text(json.dumps(record))
    return folder


def _write_labels(results, store):
    frames = sets.read_frames(ROOT / "resources/labels/lifsi_dme_fast.extxyz")[:6]
    (results / "labels").mkdir()
    sets.write_label_set(
        results / "six.extxyz", frames, pd.DataFrame([atoms.info for atoms in frames])
    )
    clusters, table = sets.import_label_set(results / "six.extxyz", PROTOCOLS["fast"], store)
    (results / "six.extxyz").unlink()
    sets.write_label_set(ROOT / results / "labels/labels.extxyz", clusters, table)
    table.to_parquet(results / "labels/labels.parquet", index=False)


@pytest.fixture
def clone(finished, tmp_path, monkeypatch):
    shutil.copytree(finished, tmp_path / "clone")
    monkeypatch.chdir(tmp_path / "clone")
    return tmp_path / "clone"


def check(where=RESULTS):
    done = CliRunner().invoke(main.app, ["check", str(where)], catch_exceptions=False)
    return done.exit_code, done.stdout


def flip(name):
    def break_it(folder):
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return break_it


def gone(name):
    return lambda folder: (folder / name).unlink()


def cut(name, share=0.5):
    def break_it(folder):
        os.truncate(folder / name, int(share * (folder / name).stat().st_size))

    return break_it


def label_edited(folder):
    table = pd.read_parquet(folder / LABELS)
    table.loc[2, "shielding_ppm"] += 1.0
    table.to_parquet(folder / LABELS, index=False)


def text_edited(name, old, new):
    def break_it(folder):
        text = (folder / name).read_text()
        assert text.count(old) >= 1
        (folder / name).write_text(text.replace(old, new, 1))

    return break_it


def record_of_another_value(folder):
    """A whole record, but not of the number that the study was made with."""
    path = sorted(folder.glob("results/label_store/*/*.json"))[0]
    store, key = LabelStore(folder / "results/label_store"), path.stem
    record = store.get(key)
    path.unlink()
    store.put(key, record | {"shielding_ppm": record["shielding_ppm"] + 1.0})


def record_edited(folder):
    path = sorted(folder.glob("results/label_store/*/*.json"))[0]
    content = json.loads(path.read_text())
    content["record"]["shielding_ppm"] += 1.0
    path.write_text(json.dumps(content))


OTHER = "was changed since the study was finished"
DAMAGE = {
    "a byte of a table": (flip(SHIFTS), SHIFTS, OTHER),
    "a byte of the model": (flip("results/demo/model/committee.pt"), "committee.pt", OTHER),
    "a byte of a trajectory": (flip(TRAJECTORY), TRAJECTORY, OTHER),
    "a trajectory cut off": (cut(TRAJECTORY), TRAJECTORY, "whole frames"),
    "a topology cut off": (cut(f"{RESULTS}/md/1M/0/topology.pdb"), "topology.pdb", "has 52 atoms"),
    "what the MD says": (
        text_edited(f"{RESULTS}/md/1M/0/md_summary.json", '"n_frames": 10', '"n_frames": 11'),
        "md_summary.json",
        "has 10 whole frames, its MD wrote 11",
    ),
    "a table deleted": (gone(SHIFTS), SHIFTS, "is missing"),
    "a table with another column": (text_edited(SHIFTS, "shift_ppm", "shift"), SHIFTS, OTHER),
    "predictions cut off": (cut(PREDICTIONS), PREDICTIONS, "cannot be read"),
    "a label edited": (label_edited, LABELS, "is 91.9512 ppm in the store, but 92.9512 ppm here"),
    "labels cut off": (cut(LABELS), LABELS, "is damaged"),
    "a cluster edited": (text_edited(CLUSTERS, "Li  ", "Na  "), CLUSTERS, ""),
    "a record of the store edited": (record_edited, "label_store", "(truncated or edited)"),
    "a record of another value": (
        record_of_another_value,
        "label_store",
        f"in {LABELS}",
    ),
    "an input edited": (
        text_edited("resources/molecules/DME.pdb", "END", "REMARK\nEND"),
        "resources/molecules/DME.pdb",
        "is another input than that of the finished study",
    ),
}


def test_a_finished_study_is_whole(clone):
    code, said = check()
    assert code == 0
    assert said.splitlines()[-1].startswith("results/demo: finished and whole (")
    assert "DAMAGED" not in said and "note" not in said
    assert check(CONFIG) == (code, said)


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_with_its_file_and_a_command(clone, kind):
    break_it, name, what = DAMAGE[kind]
    break_it(clone)
    code, said = check(CONFIG)
    damaged = [line for line in said.splitlines() if line.startswith("DAMAGED")]
    assert code == 1
    assert len(damaged) == 1, said
    assert name in damaged[0] and what in damaged[0]
    command = said.splitlines()[said.splitlines().index(damaged[0]) + 1].strip()
    path = damaged[0].split()[1].rstrip(":")
    start = "git checkout -- " if "resources" in name else "rm "
    assert command.startswith(start + path)
    assert said.splitlines()[-1].startswith("results/demo: 1 damaged; ")


def test_the_command_makes_the_file_again_by_the_studys_configuration(clone):
    gone(SHIFTS)(clone)
    assert f"rm {SHIFTS}; ionshift run {CONFIG} -- {SHIFTS}" in check(CONFIG)[1]


def test_a_copy_elsewhere_is_checked_and_copied_again_where_it_is_damaged(
    clone, tmp_path, monkeypatch
):
    copy = tmp_path / "copy"
    shutil.copytree(clone / RESULTS, copy)
    monkeypatch.chdir(tmp_path)
    code, said = check("copy")
    assert code == 0
    assert "note: inputs and label store were not looked at" in said
    cut("tables/shifts.csv")(copy)
    code, said = check("copy")
    assert code == 1
    assert "copy copy/tables/shifts.csv anew from where the study was run" in said


def test_what_archives_leave_out_is_no_damage(clone):
    gone(TRAJECTORY)(clone)
    code, said = check()
    assert code == 0
    assert f"note: {TRAJECTORY} is not here; archives leave it out" in said


def test_a_store_that_was_not_copied_is_told(clone):
    shutil.rmtree(clone / "results/label_store")
    code, said = check()
    assert code == 0
    assert "lacks 6 of the 6 labels" in said


def test_a_study_without_manifest_is_not_finished(clone):
    gone(f"{RESULTS}/manifest.json")(clone)
    code, said = check(CONFIG)
    assert code == 1
    assert "DAMAGED" not in said
    assert "results/demo is not finished" in said and "ionshift run config/config.yaml" in said


def test_a_study_with_another_configuration_is_not_finished(clone):
    text_edited(CONFIG, "seed: ", "seed: 1")(clone)
    code, said = check(CONFIG)
    assert code == 1 and "was finished with another configuration" in said


def test_a_manifest_without_hashes_is_told(clone):
    path = clone / RESULTS / "manifest.json"
    record = json.loads(path.read_text())
    del record["results_sha256"]
    path.write_text(json.dumps(record))
    code, said = check()
    assert code == 1 and "kept no hashes of results" in said


def test_a_damaged_manifest_is_told(clone):
    cut(f"{RESULTS}/manifest.json")(clone)
    done = CliRunner().invoke(main.app, ["check", RESULTS])
    assert "manifest.json is damaged" in str(done.exception)
