"""Dry runs of every shipped configuration, and bad input before any job."""

import re

import pytest

from projects import ROOT, snakemake

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


BAD = [
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
