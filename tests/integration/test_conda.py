"""Rules in real conda environments made from the shipped files: from labels and g(r) to figures.

Slow, and for `make test-conda` alone: it makes a local channel from the wheels of three
environments (see conda_channel.py). All in a temporary folder.
"""

import ast
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from conda_channel import CONDA_NAMES, CondaUnavailable, LocalConda
from projects import DEMO, ROOT, copy_project, with_library

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "IONSHIFT_TEST_CONDA" not in os.environ, reason="minutes and gigabytes: make test-conda"
    ),
]
ENVIRONMENT_OF_RULE = {
    "set_cutoff": "analysis",
    "tabulate_rdf": "analysis",
    "correct_labels": "analysis",
    "train_model": "ml",
    "evaluate_model": "ml",
    "figure": "figures",
}
TARGETS = [f"results/demo/figures/{name}.pdf" for name in ("rdf", "parity", "learning_curve")]


def pins():
    """Pip requirements behind the conda packages of the environments in use."""
    pypi_names = {conda: pypi for pypi, conda in CONDA_NAMES.items()}
    entries = {
        entry
        for name in set(ENVIRONMENT_OF_RULE.values())
        for entry in yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"]
    }
    packages = sorted(entry.split() for entry in entries if not entry.startswith("python "))
    return [pypi_names.get(name, name) + version for name, version in packages]


@pytest.fixture(scope="module")
def conda(tmp_path_factory):
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the environments ask for Python 3.11, the local channel has the running one")
    try:
        return LocalConda(tmp_path_factory.mktemp("conda"), pins())
    except CondaUnavailable as reason:
        pytest.skip(f"no conda here: {reason}")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A copy of the project with what comes before the rules: labels and g(r) of four systems."""
    folder = tmp_path_factory.mktemp("study")
    copy_project(folder)
    config = yaml.safe_load((folder / DEMO).read_text())
    config["model"] = {"committee_size": 2, "max_epochs": 30, "hidden": [8], "n_components": 10}
    (folder / "small.yaml").write_text(yaml.safe_dump(config))
    results = folder / "results/demo"
    (results / "labels").mkdir(parents=True)
    shipped = folder / config["labelling"]["shipped"][0]
    for suffix in (".extxyz", ".parquet"):
        shutil.copy(shipped.with_suffix(suffix), results / f"labels/labels{suffix}")
    (results / "shell").mkdir()
    r_A = np.arange(0.5, 8.0, 0.05)
    g = 10 * np.exp(-(((r_A - 2.0) / 0.15) ** 2)) + 1 / (1 + np.exp(-4 * (r_A - 4.5)))
    n = np.cumsum(g * r_A**2) * 0.02
    for system in config["systems"]:
        table = pd.DataFrame({"system": system, "r_A": r_A, "g": g, "n": n})
        table.to_csv(results / f"shell/rdf_{system}.csv", index=False)
    return folder


def snakemake(conda, study, *arguments):
    options = ["--sdm", "conda", "--conda-prefix", str(conda.folder / "envs"), "--cores", "1"]
    rules = ["--allowed-rules", *ENVIRONMENT_OF_RULE]
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *TARGETS, "--configfile", "small.yaml", *options]
        + [*arguments, *rules],
        cwd=study,
        env=conda.environment() | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def created(conda, study):
    """Prefix of every environment by the name of its file, as a login node makes them."""
    done = snakemake(conda, study, "--conda-create-envs-only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (study / "results/demo/model").exists()
    prefixes = {}
    for copied in (conda.folder / "envs").glob("*.yaml"):
        name = yaml.safe_load(copied.read_text())["name"].removeprefix("ionshift-")
        prefixes[name] = copied.with_suffix("")
    return prefixes


@pytest.fixture(scope="module")
def run(conda, study, created):
    done = snakemake(conda, study)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_environments_hold_what_their_files_pin(created):
    assert set(created) == set(ENVIRONMENT_OF_RULE.values())
    for name, prefix in created.items():
        wanted = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"]
        installed = {path.stem.rsplit("-", 1)[0] for path in prefix.glob("conda-meta/*.json")}
        for entry in wanted:
            package, version = entry.split()
            if package != "python":
                assert f"{package}-{version.removeprefix('==')}" in installed, (name, entry)


def test_environments_are_apart(created):
    def has(name, package):
        return any(created[name].glob(f"lib/python*/site-packages/{package}"))

    assert has("ml", "torch")
    assert has("figures", "matplotlib")
    assert not has("figures", "torch")
    assert not has("figures", "sklearn")


@pytest.mark.parametrize(("rule", "environment"), ENVIRONMENT_OF_RULE.items())
def test_a_script_finds_all_it_imports_in_its_environment(created, study, rule, environment):
    """The interpreter of the prefix alone, without what Snakemake adds to the path."""
    script = next((study / "scripts").glob(f"*/{rule}.py"))
    assert "launch" in {getattr(n, "name", "") for n in ast.walk(ast.parse(script.read_text()))}
    done = subprocess.run(
        [created[environment] / "bin/python", "-c", f"import {rule}, sys; print(sys.prefix)"],
        cwd=script.parent,
        env=with_library(study, {"PATH": "/usr/bin:/bin", "HOME": str(study)}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(created[environment])


def messages():
    """Message of every rule: what Snakemake prints when a job of it starts."""
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = re.split(r"^rule (\w+):", text, flags=re.MULTILINE)[1:]
    pairs = zip(rules[::2], rules[1::2], strict=True)
    return {rule: re.search(r'message:\s+"(.*)"', body)[1] for rule, body in pairs}


def test_every_rule_ran_in_its_own_environment(run, created):
    started = re.findall(r"Job \d+: (.*)\n[^J]*?Activating conda environment: \S*?(\w+)\n", run)
    expected = {messages()[rule]: created[env].name for rule, env in ENVIRONMENT_OF_RULE.items()}
    assert dict(started) == expected


def test_figures_are_drawn(run, study):
    for target in TARGETS:
        assert (study / target).read_bytes().startswith(b"%PDF")
    metrics = pd.read_csv(study / "results/demo/model/metrics.csv")
    assert np.isfinite(metrics.loc[metrics["part"] == "test", "rmse_ppm"]).all()
