import pytest

from ionshift.core.errors import InputError
from ionshift.runs import conda as conda_preflight


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--sdm", "conda", "--cores", "1"], True),
        (["--software-deployment-method", "apptainer", "conda"], True),
        (["--sdm=conda"], True),
        (["--use-conda"], True),
        (["--sdm", "apptainer", "--configfile", "conda"], False),
        (["--cores", "1"], False),
    ],
)
def test_conda_is_wanted_where_it_is_asked_for(arguments, expected):
    assert conda_preflight.wanted(arguments) is expected


def test_where_environments_go(monkeypatch):
    assert conda_preflight.prefix(["--sdm", "conda"]).name == "conda"
    monkeypatch.setenv("SNAKEMAKE_CONDA_PREFIX", "/shared/envs")
    assert str(conda_preflight.prefix(["--sdm", "conda"])) == "/shared/envs"
    monkeypatch.setenv("SHARED", "/other")
    assert str(conda_preflight.prefix(["--conda-prefix", "$SHARED/envs"])) == "/other/envs"
    assert str(conda_preflight.prefix(["--conda-prefix=/third"])) == "/third"


@pytest.fixture
def with_conda(tmp_path, monkeypatch):
    program = tmp_path / "bin" / "conda"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


def test_a_prefix_that_cannot_be_written_is_named(with_conda, tmp_path):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "envs"
    with pytest.raises(InputError, match=rf"--conda-prefix '{folder}': environments cannot be"):
        conda_preflight.check(["--sdm", "conda", "--conda-prefix", str(folder)])


def test_a_prefix_is_made(with_conda, tmp_path):
    conda_preflight.check(["--sdm", "conda", "--conda-prefix", str(tmp_path / "new" / "envs")])
    assert (tmp_path / "new" / "envs").is_dir()


def test_missing_conda_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="neither conda nor mamba is on PATH"):
        conda_preflight.check(["--sdm", "conda"])
    conda_preflight.check(["--cores", "1"])
