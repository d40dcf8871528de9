"""Missing programs are named before the first job; a killed packing leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from ionshift.config.electrolyte import System
from ionshift.core.errors import InputError
from ionshift.runs import programs
from ionshift.studies import registry
from ionshift.systems import packing
from studies import spoil

ROOT = Path(__file__).resolve().parents[2]
DEMO = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
TRAINING = {"potential_training.reference.calculator": "cp2k"}
SLEEPING = f"#!{sys.executable}\nimport subprocess\nsubprocess.run(['sleep', '987'])\n"
"""A packmol that starts its work as a child, as the one of PyPI does, and never ends."""


@pytest.fixture
def only(tmp_path, monkeypatch):
    """A PATH on which only these programs are."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(*names):
        for name in names:
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(0o755)

    return put


@pytest.mark.parametrize(
    ("settings", "rules", "there", "named"),
    [
        ({}, {"pack_box"}, (), ("packmol is not on the PATH", "envs/md.yaml")),
        (
            {"md.engine": "gromacs"},
            {"pack_box", "run_md"},
            ("packmol",),
            ("gmx is not on the PATH", "md.engine = 'gromacs'", "envs/md_gromacs.yaml"),
        ),
        (
            TRAINING,
            {"label_frames"},
            ("packmol",),
            ("cp2k.psmp is not on the PATH", "potential_training.cp2k_command"),
        ),
        (
            TRAINING | {"potential_training.cp2k_command": "mpirun -np 8 cp2k.psmp"},
            {"label_frames"},
            ("cp2k.psmp",),
            ("mpirun is not on the PATH",),
        ),
    ],
    ids=["packmol", "gmx", "cp2k", "mpirun"],
)
def test_missing_program_is_named(settings, rules, there, named, only):
    only(*there)
    study = DEMO
    for key, value in settings.items():
        study = spoil(study, key, value)
    with pytest.raises(InputError) as caught:
        programs.check(registry.load(study), rules)
    assert all(name in str(caught.value) for name in named), str(caught.value)


def test_program_that_no_job_needs_is_not_asked_for(only):
    programs.check(registry.load(spoil(DEMO, "md.engine", "gromacs")), {"tabulate_md", "figure"})


def test_programs_that_are_there_pass(only):
    only("packmol", "gmx")
    study = registry.load(spoil(DEMO, "md.engine", "gromacs"))
    programs.check(study, {"pack_box", "run_md"})


PACK = """
import sys
sys.path.insert(0, {library!r})
from ionshift.config.electrolyte import Electrolyte, System
from ionshift.systems import packing
packing.pack_box(Electrolyte(**{electrolyte!r}), System(**{system!r}), 1, {out!r})
"""
SMALL = {"counts": {"LI": 1, "FSI": 1, "DME": 4}, "density_g_cm3": 0.9}


def alive(pid):
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def sleepers():
    """Processes `sleep 987`."""
    found = subprocess.run(["pgrep", "-f", "^sleep 987$"], capture_output=True, text=True)
    return {int(pid) for pid in found.stdout.split()}


@pytest.fixture
def packing_that_never_ends(tmp_path):
    """A process that packs with a program that sleeps, and the folder of its box."""
    program = tmp_path / "bin" / "packmol"
    program.parent.mkdir()
    program.write_text(SLEEPING)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    out = tmp_path / "box" / "packed.pdb"
    script = PACK.format(
        library=str(ROOT / "scripts"),
        electrolyte=DEMO["electrolyte"],
        system=SMALL,
        out=str(out),
    )
    before = sleepers()
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"},
    )
    deadline = time.monotonic() + 60
    while not (started := sleepers() - before):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    yield process, started, out.parent
    process.kill()
    process.wait()
    for pid in started:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_sigterm_ends_the_packing_and_leaves_nothing(packing_that_never_ends):
    process, started, folder = packing_that_never_ends
    process.terminate()
    assert process.wait(timeout=30) == -signal.SIGTERM
    deadline = time.monotonic() + 10
    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, started))
    assert list(folder.iterdir()) == []


def test_next_start_removes_what_a_kill_has_left(packing_that_never_ends, monkeypatch):
    process, _, folder = packing_that_never_ends
    process.kill()
    process.wait()
    assert (folder / packing.FOLDER).is_dir()
    monkeypatch.chdir(ROOT)
    study = registry.load(DEMO)
    packing.pack_box(study.electrolyte, System(**SMALL), 1, folder / "packed.pdb")
    assert [path.name for path in folder.iterdir()] == ["packed.pdb"]


def test_time_limit_ends_the_children_of_packmol(tmp_path, monkeypatch):
    program = tmp_path / "packmol"
    program.write_text(SLEEPING)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(packing, "TIME_LIMIT_S", 1)
    monkeypatch.chdir(ROOT)
    study, before = registry.load(DEMO), sleepers()
    with pytest.raises(InputError, match="no packing within 1 s"):
        packing.pack_box(study.electrolyte, System(**SMALL), 1, tmp_path / "box" / "packed.pdb")
    end = time.monotonic() + 10
    while left := {pid for pid in sleepers() - before if alive(pid)}:
        assert time.monotonic() < end, left
        time.sleep(0.1)
