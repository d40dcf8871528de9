"""`ionshift boxes`: the last frames of a study, as boxes that another one starts from."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from frame_files import COUNTS, run_frames, write_run
from ionshift.cli import export_boxes
from ionshift.config.electrolyte import System
from ionshift.core.errors import InputError
from ionshift.systems import electrolyte as boxes
from ionshift.systems.starting_boxes import take_box

EDGE_A = 20.0


@pytest.fixture
def finished(tmp_path, monkeypatch, root, electrolyte):
    """A study of one system with two replicas, and the frames of each."""
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    density = boxes.density_g_cm3(electrolyte, COUNTS, EDGE_A**3)
    config["electrolyte"] = electrolyte.model_dump(mode="json")
    config["systems"] = {"1M": {"counts": COUNTS, "density_g_cm3": density}}
    config["md"]["replicas"] = 2
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    frames_A = [run_frames(seed=replica) for replica in range(2)]
    for replica in range(2):
        folder = tmp_path / "results" / config["study"] / "md" / "1M" / str(replica)
        summary = write_run(folder, electrolyte, frames_A[replica], EDGE_A)[2]
        said = json.loads(summary.read_text()) | {"engine": "gromacs", "versions": {"gmx": "1"}}
        summary.write_text(json.dumps(said))
    return System(counts=COUNTS, density_g_cm3=density), frames_A


def test_boxes_of_a_study_start_another(finished, electrolyte, tmp_path):
    system, frames_A = finished
    export_boxes.main(Path("study.yaml"), "mine")
    target = tmp_path / "resources" / "boxes" / "mine"
    for replica in range(2):
        start = target / f"1M_{replica}.pdb"
        take_box(electrolyte, system, start, tmp_path / "packed.pdb")
        found_A = boxes.read_pdb_positions(tmp_path / "packed.pdb")
        assert np.abs(found_A - frames_A[replica][-1]).max() < 2e-3
        assert boxes.read_pdb_box(start) == pytest.approx([EDGE_A] * 3)
    record = json.loads((target / "provenance.json").read_text())
    assert record["commands"] == ["ionshift run study.yaml", "ionshift boxes study.yaml mine"]
    assert record["engine"] == "gromacs" and record["md"]["replicas"] == 2


def test_counts_in_another_order_than_they_were_run(finished, tmp_path):
    config = yaml.safe_load((tmp_path / "study.yaml").read_text())
    config["systems"]["1M"]["counts"] = dict(reversed(COUNTS.items()))
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    with pytest.raises(InputError, match=r"1M/0 holds other molecules, or in another order"):
        export_boxes.main(Path("study.yaml"), "mine")


def test_a_study_that_has_not_run(finished, tmp_path):
    (tmp_path / "results/demo/md/1M/1/trajectory.xtc").unlink()
    with pytest.raises(InputError, match=r"1M/1/trajectory\.xtc is missing: run the study first"):
        export_boxes.main(Path("study.yaml"), "mine")
    assert not (tmp_path / "resources").exists()
