"""Dry runs of every shipped configuration, and bad input before any job."""

import re
import subprocess
from collections import Counter

import pytest

from archives import write_archive
from projects import DEMO, ROOT, copy_project, ionshift_command, job_name, snakemake, with_library

CONFIGS = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


@pytest.mark.parametrize("name", CONFIGS)
def test_shipped_configurations_can_be_planned(project, name):
    planned = snakemake(project.folder, "--dry-run", "--forceall", "--configfile", f"config/{name}")
    assert planned.returncode == 0, planned.stderr
    total = int(re.search(r"\ntotal +(\d+)", planned.stdout + planned.stderr).group(1))
    assert 20 < total < 1000


def test_one_configuration_does_not_leak_into_another(project):
    summary = snakemake(project.folder, "--summary", "--configfile", "config/lifsi_dme.yaml")
    assert "results/lifsi_dme/" in summary.stdout
    assert "results/demo/" not in summary.stdout


UPSTREAM = {"pack_box", "run_md", "set_cutoff", "sample_clusters", "label_shard", "train_model"}


def planned_from_archive(project, **options):
    write_archive(project.folder / "old", ["1M", "2M", "3M", "4M"], n_frames=2, **options)
    variant = project.variant(
        lambda config: config.update(study="again", inference={"archive": "old"})
    )
    return {job_name(job) for job in project.jobs(variant)}


def test_archived_predictions_need_nothing_before_them(project):
    everything = {job_name(job) for job in project.jobs()}
    assert everything >= UPSTREAM
    rules = planned_from_archive(project)
    assert rules <= everything - UPSTREAM | {
        "import_predictions",
        "import_tables",
    }
    assert not {rule for rule in rules if rule.startswith(("measure_", "scan_", "find_", "cut_"))}
    assert rules >= {"figure:spectra", "figure:decomposition", "figure:exchange", "figure:pca"}
    assert "write_summary" in rules
    assert not rules & {"figure:parity", "figure:diffusion", "figure:rdf", "figure:network_sizes"}


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("model/committee.pt", "train_model"),
        ("labels/labels.extxyz", "collect_labels"),
        ("predictions/2M.parquet", "predict_shifts"),
    ],
)
def test_a_deleted_result_is_made_again(project, name, rule):
    """Nothing that is missing needs it: tables and figures are there."""
    assert project.reruns() == {}
    path = project.folder / "results/demo" / name
    path.unlink()
    try:
        assert rule in project.reruns()
    finally:
        project.finish()


def test_columns_that_the_archive_lacks_leave_their_figures_out(project):
    rules = planned_from_archive(project, without=["pc1", "lsi_A2"])
    assert "figure:shifts" in rules
    assert not rules & {"figure:pca", "figure:pca_meaning", "tabulate_lsi", "figure:lsi_scatter"}


def test_what_an_archive_cannot_give_is_said(project):
    write_archive(project.folder / "old", ["1M"], n_frames=2)

    def change(config):
        config.update(study="again", inference={"archive": "old"})
        config["systems"] = {"1M": config["systems"]["1M"]}

    planned = snakemake(project.folder, "--dry-run", "--configfile", project.variant(change))
    text = planned.stdout + planned.stderr
    assert planned.returncode == 0, text
    assert len(re.findall(r"Left out, .*: .*tabulate_md.*parity", text)) == 1
    assert "Begin with results/again/summary.html" in text


def training(**exploration):
    """A change of the configuration: train a potential, and drive the MD with it."""

    def train(config):
        config["md"]["engine"] = "potential"
        config["potential"] = {"kind": "mace", "model": "results/demo/potential/potential.model"}
        config["potential_training"] = {
            "systems": {
                "dilute": {"counts": {"LI": 1, "FSI": 1, "DME": 6}, "density_g_cm3": 1.0},
                "dense": {"counts": {"LI": 2, "FSI": 2, "DME": 4}, "density_g_cm3": 1.2},
            },
            "frames": {"n_frames": 20, "n_distorted": 5},
            "shard_size": 10,
            "model": {"committee_size": 2, "learning_shares": [0.5]},
            "exploration": exploration,
        }

    return train


def test_a_potential_is_trained_only_where_it_is_asked_for(project):
    assert not {"label_frames", "train_potential"} & {job_name(job) for job in project.jobs()}
    counts = Counter(job_name(job) for job in project.jobs(project.variant(training())))
    assert {name: counts[name] for name in ("run_training_md", "label_frames")} == {
        "run_training_md": 2,
        "label_frames": 2 * 3,
    }
    assert counts["train_potential"] == 3
    # MD waits for the potential that has passed.
    assert counts["accept_potential"] == 1
    assert not {"explore_box", "tabulate_rounds"} & counts.keys()


def test_rounds_of_active_learning(project):
    variant = project.variant(training(rounds=2, n_frames=15))
    counts = Counter(job_name(job) for job in project.jobs(variant))
    # Two boxes: three shards of classical frames, two of every round's.
    assert counts["label_frames"] == 2 * (3 + 2 + 2)
    assert counts["choose_candidates"] == 2 * 2
    # The final potential is explored as well, and nothing is labelled from that.
    assert counts["explore_box"] == 2 * 3
    # Every round a committee; the learning curve belongs to the last one.
    assert counts["train_potential"] == 3 * 2 + 1
    assert counts["collect_frames"] == 3
    assert counts["tabulate_rounds"] == counts["figure:potential_rounds"] == 1


def test_reference_labels_correct_what_the_model_is_trained_on(project):
    rules = [job_name(job) for job in project.jobs()]
    assert rules.count("correct_labels") == rules.count("figure:label_correction") == 1
    variant = project.variant(lambda config: config["labelling"].update(reference_labels=[]))
    assert not {"correct_labels", "figure:label_correction"} & {
        job_name(job) for job in project.jobs(variant)
    }
    rerun = project.reruns(variant)
    assert rerun["train_model"] == 1
    assert not {"run_md", "label_shard", "collect_labels"} & rerun.keys()
    gone = project.variant(lambda config: config["labelling"].update(reference_labels=["gone"]))
    done = snakemake(project.folder, "--dry-run", "--configfile", gone)
    assert "labelling.reference_labels[0] = 'gone': no such file" in done.stdout + done.stderr


BAD = [
    (lambda c: c.update(inference={"archive": "gone"}), r"inference\.archive = 'gone': no such"),
    (lambda c: c["md"].update(temperature_K=-5), r"md\.temperature_K = -5.*greater than 0"),
    (lambda c: c["md"].update(temprature_K=300), r"md\.temprature_K.*unknown key.*temperature_K"),
    (lambda c: c["systems"]["1M"]["counts"].update(LI=7), r"systems\.1M\.counts.*not neutral"),
    (lambda c: c["md"].update(cutoff_A=30), r"md\.cutoff_A = 30 is beyond half the box"),
    (
        lambda c: c["electrolyte"]["species"]["DME"].update(template="resources/none.pdb"),
        r"species\.DME\.template = 'resources/none\.pdb': no such file",
    ),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_input_stops_before_any_job(project, change, message):
    done = snakemake(project.folder, "--configfile", project.variant(change))
    assert done.returncode != 0
    text = done.stdout + done.stderr
    assert re.search(message, text), text
    assert "Traceback" not in text
    assert "Select jobs to execute" not in text


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh")
    copy_project(folder)
    return folder


def ask(folder, script, configfile=DEMO):
    return subprocess.run(
        ionshift_command(script, configfile),
        cwd=folder,
        capture_output=True,
        text=True,
        env=with_library(folder),
    )


def test_plan_of_a_fresh_study_says_what_is_not_known(fresh):
    plan = ask(fresh, "plan")
    assert plan.returncode == 0, plan.stderr
    rows = {line.split()[0]: line for line in plan.stdout.splitlines() if line.split()}
    assert re.search(r"run_md +4 +unknown \(4\) +nothing recorded +no result yet", rows["run_md"])
    assert re.search(r"label_shard +4 +0\.\d+ +mean of finished labels", rows["label_shard"])
    assert "at most, the clusters are not chosen yet: 4 to compute" in plan.stdout
    assert re.search(r"core-hours expected: .* \+ \d+ unknown", plan.stdout)


def test_status_tells_a_failure_with_the_end_of_its_log(fresh):
    log = fresh / "results/demo/logs/run_md/2M_0.log"
    log.parent.mkdir(parents=True)
    log.write_text("10:00:00 run_md/2M/0: ERROR the density did not settle\n")
    found = ask(fresh, "status")
    assert found.returncode == 0, found.stderr
    assert re.search(r"run_md +0/1 +0/1 1 FAILED +0/1", found.stdout)
    assert "FAILED run_md 2M_0: results/demo/logs/run_md/2M_0.log" in found.stdout
    assert "    10:00:00 run_md/2M/0: ERROR the density did not settle" in found.stdout


def test_plan_stops_at_a_wrong_configuration(fresh):
    (fresh / "wrong.yaml").write_text("study: wrong\n")
    plan = ask(fresh, "plan", "wrong.yaml")
    assert plan.returncode == 1
    assert "electrolyte: this key is needed" in plan.stderr
    assert "Traceback" not in plan.stderr


def test_every_benchmark_is_named_so_that_its_job_is_found(project):
    for job in project.jobs():
        if job["benchmark"]:
            folder = f"results/demo/benchmarks/{job['rule']}"
            assert job["benchmark"].startswith((f"{folder}/", f"{folder}.tsv")), job["rule"]
        assert job["log"].startswith(f"results/demo/logs/{job['rule']}"), job["rule"]


def test_every_job_asks_for_memory_and_time_that_grow_with_every_attempt():
    """Jobs of a cluster that are killed for lack of either get more at the next attempt."""
    fixed = {}
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for _, name, body in re.findall(
            r"^( *)rule (\w+):\n((?:\1    .*\n|\n)+)", path.read_text(), re.MULTILINE
        ):
            if "output:" not in body or "localrule: True" in body:
                continue
            for key, helper in (("mem_mb", "memory_MB("), ("runtime", "minutes(")):
                if f"{key}={helper}" not in body:
                    fixed[name] = key
    assert not fixed
