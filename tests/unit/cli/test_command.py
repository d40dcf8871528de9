"""The command `ionshift` as a user types it: help, wrong arguments, what it hands to Snakemake."""

import pytest
from typer.testing import CliRunner

from commands import ionshift
from ionshift.cli import main
from ionshift.core.errors import InputError
from ionshift.runs import launch
from molecules import ROOT

COMMANDS = (
    *("run", "plan", "status", "report", "figures", "archive", "crate", "adopt", "train"),
    *(
        "labels status",
        "labels retry",
        "labels retry-frames",
        "labels next",
        "labels export",
        "labels export-elf",
    ),
    *("labels relabel", "bench model", "bench active", "bench inference", "bench learning"),
    *("bench labels", "bench geometry", "bench workers", "docs reference", "unpack"),
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
    for app, prefix in ((main.app, ""), (main.labels, "labels "), (main.bench, "bench ")) + (
        (main.analyse, "analyse "),
    ):
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
        (("train", "none.extxyz", "out"), 1, "none.extxyz: no such file"),
        (("train", "none.extxyz", "out", "--recipe", "forest"), 2, "mlp"),
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


def test_a_cluster_gets_no_cores(handed_over):
    call("run", "config/lifsi_dme.yaml", "--profile", "slurm")
    assert "--cores" not in handed_over[0]
    assert "workflow/profiles/slurm" in handed_over[0]


def test_figures_stand_before_every_option_that_takes_a_list(handed_over):
    call("figures")
    assert handed_over[0][0] == "figures"
    assert handed_over[0][-2:] == ["--configfile", "config/config.yaml"]


def test_a_study_of_an_earlier_version_is_told_how_to_go_on(handed_over, tmp_path, monkeypatch):
    (tmp_path / "Snakefile").touch()
    (tmp_path / "workflow").symlink_to(ROOT / "workflow")
    (tmp_path / "resources").symlink_to(ROOT / "resources")
    manifest = tmp_path / "results/demo/manifest.json"
    manifest.parent.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    config = str(ROOT / "config/config.yaml")
    manifest.write_text('{"layout": 2}')
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
