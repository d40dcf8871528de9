"""The whole chain on a tiny study, killed in the MD and in the labelling, then finished."""

import os
import re
import shutil
import signal
import subprocess
import tarfile
import time

import numpy as np
import pandas as pd
import pytest

from ionshift.figures import catalogue
from projects import ROOT, copy_project, ionshift_command, with_library

# No rule may download: the runs have no network, where the kernel lets us take it away.
NO_NETWORK = ["unshare", "--net"]
ISOLATED = (
    shutil.which(NO_NETWORK[0]) is not None
    and subprocess.run([*NO_NETWORK, "true"], capture_output=True).returncode == 0
)
ARGUMENTS = [
    *(NO_NETWORK if ISOLATED else []),
    *ionshift_command("run", "small.yaml", "--cores", "2"),
]
CATALOGUE = catalogue.read(ROOT / "workflow/figures.yaml")
pytestmark = pytest.mark.slow


def run_until(folder, happened, limit_s=600):
    """Start the workflow and kill it with all its children once `happened()` is true."""
    with (folder / "killed.log").open("a") as log:
        process = subprocess.Popen(
            ARGUMENTS,
            cwd=folder,
            stdout=log,
            stderr=log,
            env=with_library(folder),
            start_new_session=True,
        )
        deadline = time.monotonic() + limit_s
        while not happened():
            text = (folder / "killed.log").read_text()
            assert process.poll() is None, f"ended before it could be killed:\n{text[-3000:]}"
            assert time.monotonic() < deadline, text[-3000:]
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def stamps(paths):
    return {path: path.stat().st_mtime_ns for path in paths}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study that was killed twice and then finished by the same command."""
    folder = tmp_path_factory.mktemp("study")
    copy_project(folder)
    (folder / "small.yaml").write_text((ROOT / "tests/integration/small.yaml").read_text())
    results = folder / "results" / "small"

    def production_has_begun():
        return any(results.glob("md/*/0/work/*production/checkpoint.npz"))

    run_until(folder, production_has_begun)
    stages = stamps(results.glob("md/*/0/work/*/done.json"))

    def some_labels_are_there():
        return len(list((folder / "results/label_store").glob("*/[!.]*.json"))) >= 2

    run_until(folder, some_labels_are_there)
    trajectories = stamps(results.glob("md/*/0/trajectory.xtc"))
    labels = stamps((folder / "results/label_store").glob("*/[!.]*.json"))
    done = subprocess.run(
        ARGUMENTS, cwd=folder, capture_output=True, text=True, env=with_library(folder)
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return folder, results, stages, trajectories, labels


def test_nothing_finished_was_computed_again(finished):
    _, _, stages, trajectories, labels = finished
    assert len(stages) >= 5
    assert stamps(stages) == stages
    assert len(trajectories) == 2
    assert len(labels) >= 2
    assert stamps(trajectories) == trajectories
    assert stamps(labels) == labels


def test_trajectories_are_complete(finished):
    from ionshift.trajectories.trajectory import open_run

    _, results, *_ = finished
    for folder in results.glob("md/*/0"):
        trajectory = open_run(folder)
        times = [frame.time_ps for frame in trajectory.frames()]
        assert len(times) == 100
        assert np.allclose(np.diff(times), 0.2, atol=1e-3)


def test_shifts_are_finite_with_errors(finished):
    _, results, *_ = finished
    shifts = pd.read_csv(results / "tables" / "shifts.csv")
    assert shifts["system"].tolist() == ["dilute", "dense"]
    columns = ["molarity_M", "shift_ppm", "sampling_err_ppm", "model_err_ppm"]
    assert np.isfinite(shifts[columns].to_numpy()).all()
    assert (shifts["n_environments"] == [200, 500]).all()


def test_labels_have_a_row_each(finished):
    _, results, *_ = finished
    table = pd.read_parquet(results / "labels" / "labels.parquet")
    assert len(table) == 8
    assert table["key"].is_unique
    assert (table["status"] == "ok").all()


@pytest.mark.skipif(not ISOLATED, reason="the network cannot be taken away here")
def test_no_rule_needs_a_network(finished):
    _, results, *_ = finished
    assert (results / "manifest.json").is_file()


def test_figures_and_manifest_are_there(finished):
    _, results, *_ = finished
    assert (results / "manifest.json").stat().st_size > 1000
    drawn = {path.stem for path in (results / "figures").glob("*.pdf")}
    optional = {name for name in CATALOGUE if name.startswith("potential_")}
    assert drawn == set(CATALOGUE) - optional - {"geometry_optimization", "label_correction"}


def test_second_run_has_nothing_to_do(finished):
    folder, *_ = finished
    start = time.monotonic()
    again = subprocess.run(
        ARGUMENTS, cwd=folder, capture_output=True, text=True, env=with_library(folder)
    )
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr
    assert time.monotonic() - start < 60


def test_report_is_written(finished):
    folder, results, *_ = finished
    report = subprocess.run(
        ionshift_command("report", "small.yaml"),
        cwd=folder,
        capture_output=True,
        text=True,
        env=with_library(folder),
    )
    assert report.returncode == 0, report.stderr
    text = (results / "report.html").read_text()
    assert "spectra" in text and "At a glance" in text


def test_the_first_page_says_what_was_found(finished):
    _, results, *_ = finished
    text = (results / "summary.html").read_text()
    for title in ("What was found", "How far to trust it", "What it cost", "What improves it most"):
        assert f"<h2>{title}</h2>" in text
    assert text.count('src="data:image/png;base64,') == 2
    assert re.search(r"<pre[^>]*>ionshift [^<]*small\.yaml[^<]*</pre>", text)
    assert "nan" not in text.split("</style>")[1].split("<img")[0]


def test_figures_are_redrawn_from_the_archive_alone(finished, tmp_path):
    folder, results, *_ = finished
    packed = subprocess.run(
        ionshift_command("archive", "small.yaml"),
        cwd=folder,
        capture_output=True,
        text=True,
        env=with_library(folder),
    )
    assert packed.returncode == 0, packed.stderr
    copy_project(tmp_path)
    with tarfile.open(folder / "results" / "small.tar.gz") as tar:
        tar.extractall(tmp_path, filter="data")
    figures = tmp_path / "results" / "small" / "figures"
    shutil.rmtree(figures)
    drawn = subprocess.run(
        ionshift_command("figures", "results/small/config.yaml"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=with_library(tmp_path),
    )
    assert drawn.returncode == 0, drawn.stderr
    names = {path.name for path in (results / "figures").iterdir()}
    assert {path.name for path in figures.iterdir()} == names
    assert not list(tmp_path.glob("results/small/md/*/*/trajectory.xtc"))
