"""When the cluster is checked, and what is said where there is none."""

import pytest
import yaml

from ionshift.core.errors import InputError
from ionshift.runs import slurm as slurm_preflight


@pytest.fixture
def profile(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"executor": "slurm", "jobs": 10}))
    return str(tmp_path)


@pytest.mark.parametrize("flag", ["--profile", "--workflow-profile"])
def test_a_profile_that_submits_is_recognised(profile, flag):
    found = slurm_preflight.slurm_profile([flag, profile, "--configfile", "x.yaml"])
    assert found["jobs"] == 10


@pytest.mark.parametrize("option", ["--dry-run", "-n", "--report", "--touch"])
def test_what_starts_no_job_needs_no_cluster(profile, option):
    assert slurm_preflight.slurm_profile(["--workflow-profile", profile, option]) is None


def test_one_machine_needs_no_cluster(tmp_path):
    (tmp_path / "config.yaml").write_text("cores: 2\n")
    assert slurm_preflight.slurm_profile(["--profile", str(tmp_path)]) is None
    assert slurm_preflight.slurm_profile(["--cores", "2"]) is None


def test_no_slurm_on_path_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"sbatch.*cannot be found on PATH.*login node"):
        slurm_preflight.check({})


def test_requests_of_rules_take_the_defaults():
    profile = {
        "default-resources": ["slurm_partition=main", "slurm_account=lab"],
        "set-resources": {"run_md": {"slurm_partition": "gpu"}, "label_shard": {"runtime": 9}},
    }
    assert slurm_preflight.requests(profile) == {("main", "lab"), ("gpu", "lab")}
    assert slurm_preflight.requests({}) == {(None, "")}
