"""A tiny study on a real SLURM: five faults, and the result of an unhurt local run.

Needs root and SLURM's programs (`make test-slurm` installs them on Debian and Ubuntu).
"""

import os
import re
import shutil
import signal
import subprocess
import time

import numpy as np
import pandas as pd
import pytest
import yaml

import slurm_cluster
from projects import ROOT, copy_project, ionshift_command, with_library
from test_end_to_end import stamps

pytestmark = pytest.mark.slow
COSTS = ["cpu_s", "wall_s", "max_rss_MB"]
PROFILE = "workflow/profiles/slurm"
TARGETS = ("tables", "results/tiny/figures/shifts.png", "write_manifest")
LIMIT_S = 900
LOCAL_RULES = {
    "figure",
    "set_cutoff",
    "tabulate_md",
    "tabulate_rdf",
    "import_labels",
    "tabulate_aggregate",
    "tabulate_experiment",
    "tabulate_published_elf",
    "write_manifest",
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    reason = slurm_cluster.why_not()
    if reason:
        pytest.skip(reason)
    started = slurm_cluster.Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        started.start()
        yield started
    finally:
        started.stop()


def make_project(folder, edit=lambda profile: None):
    """A copy of the project with the tiny study; `edit` changes the profile as a user would."""
    folder.mkdir(exist_ok=True)
    copy_project(folder)
    shutil.copy(ROOT / "tests/integration/tiny.yaml", folder)
    path = folder / PROFILE / "config.yaml"
    profile = yaml.safe_load(path.read_text())
    profile["slurm-init-seconds-before-status-checks"] = 2
    profile["default-resources"]["slurm_account"] = "lab"
    edit(profile)
    path.write_text(yaml.safe_dump(profile))
    return folder


def start(folder, cluster, *arguments, profile=PROFILE):
    """`ionshift run --profile slurm`, to the TARGETS; its output is appended to run.log."""
    with (folder / "run.log").open("a") as log:
        return subprocess.Popen(
            [
                *ionshift_command("run", "tiny.yaml", "--profile", str(profile)),
                *("--", *TARGETS, *arguments),
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=with_library(folder, cluster.environment),
            preexec_fn=slurm_cluster.end_with_parent,
        )


def finish(folder, process):
    code = process.wait(LIMIT_S)
    assert code == 0, (folder / "run.log").read_text()[-8000:]


def wait_for(folder, process, happened):
    """Wait until `happened()` gives something; returns it."""
    deadline = time.monotonic() + LIMIT_S
    while not (found := happened()):
        text = (folder / "run.log").read_text()
        assert process.poll() is None, f"ended before a fault could be made:\n{text[-8000:]}"
        assert time.monotonic() < deadline, text[-8000:]
        time.sleep(0.1)
    return found


class Hurt:
    """A study that met every fault, and what there was before each of them."""

    def __init__(self, folder, cluster):
        self.folder, self.cluster = folder, cluster
        self.results = folder / "results" / "tiny"
        self.left_behind = "0"
        self.kept = {}

    def labels(self):
        return stamps((self.folder / "results/label_store").glob("*/[!.]*.json"))

    def state(self, number):
        states = {job["JobID"]: job["State"] for job in self.cluster.accounting()}
        return states.get(number, "")

    def job(self, rule):
        """Number and node of a running job of a rule that the run itself submitted, or None."""
        for number, (comment, node) in self.cluster.queue().items():
            if comment.startswith(f"rule_{rule}") and int(number) > int(self.left_behind):
                return number, node
        return None

    def script(self, system):
        """Number of the running MD job of a system and of its process, or None."""
        number, _ = self.job(f"run_md_wildcards_{system}") or (None, None)
        processes = number and self.cluster.scripts(number, ".run_md.py")
        return (number, processes[0]) if processes else None

    def out_of_time(self):
        """Number of the second run's MD job that SLURM ended at its time limit, or None."""
        for job in self.cluster.accounting():
            late = job["State"] == "TIMEOUT" and int(job["JobID"]) > int(self.left_behind)
            if late and "run_md_wildcards_dense" in job["Comment"]:
                return job["JobID"]
        return None

    def run(self):
        self.kill_snakemake()
        process = start(self.folder, self.cluster)
        self.hang(process)
        self.cancel_a_label_job(process)
        self.timed_out = wait_for(self.folder, process, self.out_of_time)
        self.lose_a_node(process)
        finish(self.folder, process)

    def kill_snakemake(self):
        """... while both systems are in their production, stopped there."""
        process = start(self.folder, self.cluster)
        work = self.results / "md"
        waiting, stopped = {"dilute", "dense"}, []

        def in_production():
            checkpoints = work.glob("*/0/work/*production/checkpoint.npz")
            return waiting & {path.relative_to(work).parts[0] for path in checkpoints}

        while waiting:
            for system in wait_for(self.folder, process, in_production):
                number, script = self.script(system)
                os.kill(script, signal.SIGSTOP)
                waiting.remove(system)
                stopped.append(number)
        self.left_behind = max(stopped, key=int)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        self.kept |= stamps(work.glob("*/0/work/*/done.json"))

    def hang(self, process):
        """Stop the MD of the second system, as a file system does that hangs."""
        wait_for(self.folder, process, lambda: self.script("dense") or self.out_of_time())
        if not self.out_of_time():
            os.kill(self.script("dense")[1], signal.SIGSTOP)

    def labelling(self, process, system):
        """Number and node of the labelling job of a system when it has its first label."""
        log = self.results / f"logs/label_shard/{system}_0.log"
        wait_for(self.folder, process, lambda: log.exists() and "label 1/3" in log.read_text())
        self.kept |= self.labels()
        return self.job(f"label_shard_wildcards_{system}")

    def cancel_a_label_job(self, process):
        self.cancelled, _ = self.labelling(process, "dilute")
        self.cluster.ask("scancel", self.cancelled)

    def lose_a_node(self, process):
        self.lost, node = self.labelling(process, "dense")
        self.cluster.set_node(node, "down")
        wait_for(self.folder, process, lambda: self.state(self.lost) == "NODE_FAIL")
        self.cluster.set_node(node, "resume")


def too_small(profile):
    """First attempts that must fail: a minute for MD that hangs, no room for the sampling."""
    profile["set-resources"] = {
        "run_md": {"runtime": "30 ** (attempt - 1) if wildcards.system == 'dense' else 30"},
        "sample_clusters": {"mem_mb": "300 * attempt"},
    }


@pytest.fixture(scope="module")
def hurt(cluster, tmp_path_factory):
    study = Hurt(make_project(tmp_path_factory.mktemp("hurt"), too_small), cluster)
    study.run()
    return study


def log_of(study):
    return (study.folder / "run.log").read_text()


def test_every_rule_ran_as_a_job_on_a_node_or_is_a_local_one(hurt):
    done = [job for job in hurt.cluster.accounting() if job["State"] == "COMPLETED"]
    assert {job["NodeList"] for job in done} == set(slurm_cluster.NODES)
    assert {job["Account"] for job in done} == {"lab"}
    submitted = {re.match(r"rule_(\w+?)(_wildcards|$)", job["Comment"]).group(1) for job in done}
    logged = {path.stem for path in (hurt.results / "logs").iterdir()}
    assert submitted == logged - LOCAL_RULES
    assert "figure" in logged
    assert {"run_md", "label_shard", "train_model", "predict_shifts"} <= submitted


def test_snakemake_killed_leaves_no_job_behind(hurt):
    listed = re.search(r"an earlier run of this folder left: (.*)", log_of(hurt)).group(1)
    assert f"{hurt.left_behind} (rule_run_md_wildcards_" in listed
    assert hurt.state(hurt.left_behind).startswith("CANCELLED")


def test_a_cancelled_job_is_submitted_again(hurt):
    assert f"SLURM-job '{hurt.cancelled}' failed, SLURM status is: 'CANCELLED'" in log_of(hurt)


def test_a_lost_node_is_survived(hurt):
    assert f"SLURM-job '{hurt.lost}' failed due to a node failure" in log_of(hurt)


def test_a_job_over_its_time_gets_more(hurt):
    assert f"SLURM-job '{hurt.timed_out}' failed, SLURM status is: 'TIMEOUT'" in log_of(hurt)


def test_a_job_over_its_memory_gets_more(hurt):
    jobs = [job for job in hurt.cluster.accounting() if "sample_clusters" in job["Comment"]]
    failed = [job for job in jobs if job["State"] != "COMPLETED"]
    assert len(failed) >= 2
    assert len(jobs) - len(failed) == 2
    logs = [
        hurt.folder / name for name in set(re.findall(r"\S+/slurm_logs/\S+\.log", log_of(hurt)))
    ]
    told = [log for log in logs if log.exists() and "exceeded memory limit" in log.read_text()]
    assert {log.parts[-3] for log in told} == {"rule_sample_clusters"}


def test_no_finished_label_or_md_stage_was_computed_again(hurt):
    assert len([path for path in hurt.kept if path.name == "done.json"]) == 12
    assert len([path for path in hurt.kept if path.name != "done.json"]) >= 2
    assert stamps(hurt.kept) == hurt.kept
    assert len(hurt.labels()) == 6


def test_same_command_again_has_nothing_to_do(hurt):
    before = (hurt.folder / "run.log").stat().st_size
    finish(hurt.folder, start(hurt.folder, hurt.cluster))
    assert "Nothing to be done" in log_of(hurt)[before:]


def test_tables_equal_those_of_a_local_run_on_the_same_trajectories(hurt, tmp_path):
    """OpenMM's CPU platform does not repeat a trajectory to the bit; all that follows does."""
    local = make_project(tmp_path)
    shutil.copytree(hurt.results / "md", local / "results/tiny/md")
    process = start(local, hurt.cluster, "--cores", "2", profile="workflow/profiles/default")
    finish(local, process)
    tables = {path.name: path for path in (hurt.results / "tables").glob("*.csv")}
    assert len(tables) >= 6
    del tables["costs.csv"]
    for path in [*tables.values(), hurt.results / "model/metrics.csv"]:
        found, expected = (
            pd.read_csv(root / path.relative_to(hurt.folder)).drop(columns=COSTS, errors="ignore")
            for root in (hurt.folder, local)
        )
        pd.testing.assert_frame_equal(found, expected, rtol=1e-4, atol=1e-5)
    labels, expected = (
        pd.read_parquet(root / "results/tiny/labels/labels.parquet").set_index("key")
        for root in (hurt.folder, local)
    )
    assert labels.index.tolist() == expected.index.tolist()
    assert np.allclose(labels["shielding_ppm"], expected["shielding_ppm"], rtol=0, atol=1e-4)


def refusal(folder, cluster, environment=None):
    """Output of a run that must stop before its first job."""
    before = len(cluster.accounting())
    done = subprocess.run(
        [
            *ionshift_command("run", "tiny.yaml", "--profile", str(PROFILE)),
        ],
        cwd=folder,
        env=with_library(folder, cluster.environment | (environment or {})),
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(cluster.accounting()) == before
    return done.stderr


@pytest.mark.parametrize(
    ("key", "value", "others"),
    [("slurm_account", "unknown", "lab"), ("slurm_partition", "x", "main")],
)
def test_unknown_account_or_partition_is_named(cluster, tmp_path, key, value, others):
    project = make_project(tmp_path, lambda p: p["default-resources"].update({key: value}))
    assert re.search(rf"ERROR SLURM .*{key} = {value}.*{others}", refusal(project, cluster))


def test_unwritable_scratch_is_named(cluster, tmp_path):
    scratch = {"TMPDIR": str(tmp_path / "none")}
    text = refusal(make_project(tmp_path / "project"), cluster, scratch)
    assert re.search(r"ERROR the scratch folder TMPDIR = '.*/none' cannot be written", text)


def test_a_silent_controller_is_named(cluster, tmp_path):
    """No controller listens on the discard port."""
    text = (cluster.folder / "slurm.conf").read_text()
    (tmp_path / "slurm.conf").write_text(re.sub(r"SlurmctldPort=\d+", "SlurmctldPort=9", text))
    elsewhere = {"SLURM_CONF": str(tmp_path / "slurm.conf")}
    text = refusal(make_project(tmp_path / "project"), cluster, elsewhere)
    assert "ERROR SLURM does not answer" in text
