"""The command `ionshift` as a user types it: help, wrong arguments, what it hands to Snakemake."""

import dataclasses
import os
import subprocess
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands import ionshift
from ionshift.cli import main
from ionshift.core.errors import InputError
from ionshift.runs import launch
from ionshift.studies import registry
from molecules import ROOT

COMMANDS = (
    *("run", "plan", "status", "report", "figures", "archive", "crate", "adopt", "train"),
    *("labels status", "labels retry", "labels retry-frames", "labels next"),
    *("labels export", "labels export-elf"),
    *("labels relabel", "bench model", "bench active", "bench inference", "bench learning"),
    *("bench labels", "bench geometry", "bench workers", "bench md"),
    *("docs reference", "unpack", "check", "boxes", "predict"),
    *("analyse kirkwood-buff", "analyse diffusion", "analyse osmotic"),
    *("analyse quadrupolar", "analyse quadrupolar-figures", "analyse arrhenius"),
)


@pytest.fixture
def handed_over(monkeypatch):
    """Arguments that Snakemake would get."""
    found = []
    monkeypatch.setattr(launch, "main", found.append)
    monkeypatch.chdir(ROOT)
    return found


def call(*arguments):
    return CliRunner().invoke(main.app, list(arguments), catch_exceptions=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    done = call(*command.split(), "--help")
    assert done.exit_code == 0 and "Usage:" in done.output


def test_all_commands_are_in_the_list_above():
    names = set()
    groups = ((main.labels, "labels "), (main.bench, "bench "), (main.analyse.app, "analyse "))
    for app, prefix in ((main.app, ""), *groups):
        for one in app.registered_commands:
            names.add(prefix + (one.name or one.callback.__name__))
    assert names | {"docs reference"} == set(COMMANDS)


def test_version():
    assert call("--version").output.strip() == main.ionshift.__version__


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("rnu",), 2, "No such command 'rnu'"),
        (("run", "--core", "2"), 2, "No such option"),
        (("run", "--cores", "0"), 2, "greater than or equal to 1"),
        (("run", "--cores", "-1"), 2, "greater than or equal to 1"),
        (("run", "--cores", "two"), 2, "valid integer"),
        (("run", "config/none.yaml"), 1, "configuration config/none.yaml: no such file"),
        (("run", "config"), 1, "configuration config cannot be read"),
        (("run", "README.md"), 1, "README.md"),
        (("run", "--profile", "slrum"), 1, "--profile slrum: no such profile; take default, slurm"),
        (("plan", "config/none.yaml"), 1, "no such file"),
        (("status", "config/none.yaml"), 1, "no such file"),
        (("report", "config/none.yaml"), 1, "no such file"),
        (("figures", "config/none.yaml"), 1, "no such file"),
        (("adopt", "config/none.yaml"), 1, "no such file"),
        (("labels", "status", "config/none.yaml"), 1, "no such file"),
        (("labels", "next", "--n", "0"), 2, "greater than or equal to 1"),
        (("labels", "next", "--method", "best"), 2, "combined"),
        (
            ("labels", "export", "config/lifsi_dme.yaml", "mine"),
            1,
            "labels.parquet is missing",
        ),
        (("labels", "export-elf", "config/config.yaml", "../x"), 2, "takes"),
        (("labels", "relabel", "none.extxyz", "fast", "x"), 1, "none.extxyz: no such file"),
        (("bench", "model", "--set", "config"), 1, "config: no such file; give an extxyz file"),
        (("bench", "active", "--pool", "mdd"), 2, "all"),
        (("bench", "learning", "--held-out", "block"), 2, "replicas"),
        (("bench", "inference", "config/lifsi_dme.yaml"), 1, "shell.json is missing: run the stu"),
        (("train", "none.extxyz", "out"), 1, "none.extxyz: no such file"),
        (("train", "none.extxyz", "out", "--recipe", "forest"), 2, "mlp"),
        (("run", "config/config.yaml", "extra"), 2, "unexpected extra argument"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(arguments, code, words):
    done = ionshift(*arguments)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert words in said and "Traceback" not in said


def test_outside_a_clone_it_says_where_to_run(tmp_path):
    done = ionshift("run", folder=tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path} holds no Snakefile; change to a clone" in done.stderr


def test_a_run_hands_its_options_to_snakemake(handed_over):
    call(
        "run",
        str(main.DEMO),
        "--cores",
        "3",
        "--conda",
        "-n",
        "--until",
        "train_model",
        "--",
        "all",
    )
    assert handed_over == [
        [
            *("all", "--software-deployment-method", "conda", "--dry-run"),
            *("--until", "train_model"),
            *("--workflow-profile", "workflow/profiles/default", "--cores", "3"),
            *("--configfile", "config/config.yaml"),
        ]
    ]


@pytest.mark.parametrize(
    ("before", "config"),
    [((), "config/config.yaml"), (("config/lifsi_dme.yaml",), "config/lifsi_dme.yaml")],
)
def test_words_after_two_dashes_are_for_snakemake_with_or_without_a_configuration(
    handed_over, before, config
):
    call("run", *before, "--", "--forcerun", "train_model")
    assert handed_over[0][:2] == ["--forcerun", "train_model"]
    assert handed_over[0][-2:] == ["--configfile", config]


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (("--configfile", "x.yaml"), "use CONFIG"),
        (("--cores=4",), "use --cores before the --"),
        (("all", "--workflow-profile", "x"), "use --profile before the --"),
    ],
)
def test_what_ionshift_sets_itself_is_refused_after_two_dashes(handed_over, words, instead):
    with pytest.raises(InputError, match=f"{words[-2:][0].split('=')[0]} after --.*{instead}"):
        call("run", "--", *words)
    assert not handed_over


def test_what_a_run_checks_as_it_starts_is_checked_here_in_a_dry_run_alone(
    handed_over, monkeypatch
):
    checked = []
    kind = registry.kind(registry.DEFAULT_KIND)
    watched = dataclasses.replace(kind, before_run=lambda study: checked.append(study.study))
    monkeypatch.setattr(registry, "kind", lambda name: watched)
    call("run")
    assert checked == [] and len(handed_over) == 1
    call("run", "--dry-run")
    assert checked == ["demo"] and len(handed_over) == 2


OUTSIDE = {
    "archive": ("archive",),
    "boxes": ("boxes", "x.yaml", "name"),
    "labels status": ("labels", "status"),
    "labels export": ("labels", "export", "x.yaml", "name"),
    "labels relabel": ("labels", "relabel", "x.extxyz", "fast", "name"),
    "unpack": ("unpack", "x.tar.gz"),
}


ANYWHERE = ("train", "predict", "check", "analyse ")
NEED_CLONE = [name for name in COMMANDS if not name.startswith(ANYWHERE)]


@pytest.mark.parametrize("command", NEED_CLONE)
def test_commands_that_need_a_clone_are_refused_outside(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = OUTSIDE.get(command, OUTSIDE["labels export"] if "export" in command else ())
    words = (*command.split(), *arguments[len(command.split()) :])
    with pytest.raises(InputError, match=f"{tmp_path} holds no Snakefile; change to a clone"):
        call(*words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--radius-A", "0"), "--radius-A 0: takes a length above 0"),
        (("--radius-A", "nan"), "--radius-A nan: takes a length above 0"),
        (("--unit", "a b"), "--unit 'a b': takes letters, digits and _"),
        (("--unit", ""), "--unit '': takes letters, digits and _"),
    ],
)
def test_train_refuses_settings_before_it_trains(tmp_path, monkeypatch, options, words):
    monkeypatch.chdir(tmp_path)
    Path("data.extxyz").touch()
    with pytest.raises(InputError, match=words):
        call("train", "data.extxyz", "out", *options)


def test_train_refuses_a_file_in_place_of_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.extxyz").touch()
    Path("model").touch()
    with pytest.raises(InputError, match="model is a file, not a folder"):
        call("train", "data.extxyz", "model")


def test_figures_without_tables_say_where_tables_come_from(handed_over, tmp_path, monkeypatch):
    (tmp_path / "Snakefile").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"results/demo/tables does not exist: .*run the study"):
        call("figures", str(ROOT / "config/config.yaml"))
    assert not handed_over


def test_a_cluster_gets_no_cores(handed_over):
    call("run", "config/lifsi_dme.yaml", "--profile", "slurm")
    assert "--cores" not in handed_over[0]
    assert "workflow/profiles/slurm" in handed_over[0]


def test_status_is_looked_at_again_until_nothing_runs(monkeypatch):
    answers = ["1/2 running\nleft: about 5 min (on the 2 cores in use)\n"]
    answers += ["2/2\nnothing is running\n", "never asked for"]
    waits, asked = [], []

    def run(command, **options):
        asked.append(command[1:])
        return subprocess.CompletedProcess(command, 0, stdout=answers.pop(0), stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.chdir(ROOT)
    done = call("status", "config/lifsi_dme.yaml", "--watch", "--every", "30")
    assert asked == [["-m", "ionshift.cli", "status", "config/lifsi_dme.yaml"]] * 2
    assert waits == [30.0] and done.output.count("nothing is running") == 1


def test_figures_stand_before_every_option_that_takes_a_list(handed_over, tmp_path, monkeypatch):
    (tmp_path / "Snakefile").touch()
    (tmp_path / "workflow").symlink_to(ROOT / "workflow")
    (tmp_path / "results/demo/tables").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    call("figures", str(ROOT / "config/config.yaml"))
    assert handed_over[0][0] == "figures"
    assert handed_over[0][-2:] == ["--configfile", str(ROOT / "config/config.yaml")]


def test_a_study_of_an_earlier_version_is_told_how_to_go_on(handed_over, tmp_path, monkeypatch):
    (tmp_path / "Snakefile").touch()
    (tmp_path / "workflow").symlink_to(ROOT / "workflow")
    (tmp_path / "resources").symlink_to(ROOT / "resources")
    manifest = tmp_path / "results/demo/manifest.json"
    manifest.parent.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    config = str(ROOT / "config/config.yaml")
    manifest.write_text('{"layout": 2, "config": {}}')
    call("run", config)
    manifest.write_text('{"created": "2026"}')
    with pytest.raises(InputError, match=r"made by version 0\.1: ionshift adopt"):
        call("run", config)
    call("run", config, "--dry-run")
    assert len(handed_over) == 2


def test_nothing_to_adopt_is_said(tmp_path, monkeypatch):
    (tmp_path / "Snakefile").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="nothing to adopt"):
        call("adopt", str(ROOT / "config/config.yaml"))


def test_the_report_follows_its_first_page_and_names_it(handed_over, monkeypatch, tmp_path):
    """A report that is older than the page is written again."""
    for path in ("workflow/report/write_summary.rst", "workflow/profiles/default/config.yaml"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("")
    (tmp_path / "Snakefile").write_text("")
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results/demo"
    results.mkdir(parents=True)
    for name, time_s in (("summary.html", 1e9), ("report.html", 2e9)):
        (results / name).write_text("")
        os.utime(results / name, (time_s, time_s))
    os.utime(tmp_path / "workflow/report/write_summary.rst", (1e9, 1e9))
    config = str(ROOT / "config/config.yaml")
    done = call("report", config)
    assert "report: nothing to do" in done.output
    assert "results/demo/summary.html" in done.output
    assert handed_over == []
    os.utime(results / "summary.html", (2.1e9, 2.1e9))
    assert "its first page alone: results/demo/summary.html" in call("report", config).output
    assert len(handed_over) == 1
