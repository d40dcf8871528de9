"""Damaged and exchanged trajectories stop the first rule that reads them, with one sentence.

A row of `RUNS` is an MD of ten frames with one thing broken, and what the message must name. A row
of `FRAMES` is a crystal in extended XYZ.
"""

import json
import re
import shutil
import signal
from types import SimpleNamespace

import ase.io
import measure_rdf
import numpy as np
import pytest
from ase.build import bulk

from frame_files import COUNTS, run_frames, write_run, write_xtc
from ionshift.config.electrolyte import Electrolyte
from ionshift.config.shell import Shell
from ionshift.core.errors import InputError
from ionshift.core.job import launch
from ionshift.trajectories.trajectory import Trajectory, open_run
from molecules import MOLECULES, ROOT

N_FRAMES, EDGE_A, INTERVAL_ps = 10, 20.0, 0.5
BOX_A = np.diag([EDGE_A] * 3)
RERUN = r"rerun the MD \(rm \S+, then ionshift run\)"


def electrolyte():
    roles = {"LI": ("cation", 1), "FSI": ("anion", -1), "DME": ("solvent", 0)}
    return Electrolyte(
        species={
            name: {"role": role, "charge": charge, "template": str(MOLECULES / f"{name}.pdb")}
            for name, (role, charge) in roles.items()
        },
        forcefield=str(ROOT / "resources/forcefields/lifsi_dme_clp_oplsaa.xml"),
    )


def rewritten(frames_A=None, cell_A=BOX_A, times_ps=None):
    """A break that writes other frames into the trajectory."""

    def break_it(folder):
        frames = run_frames(N_FRAMES) if frames_A is None else frames_A
        write_xtc(folder / "trajectory.xtc", frames, cell_A, INTERVAL_ps, times_ps)

    return break_it


def cut(name, share):
    """A break that keeps a share of a file's bytes."""

    def break_it(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(share * len(content))])

    return break_it


def text(name, content):
    def break_it(folder):
        (folder / name).write_text(content)

    return break_it


def gone(name):
    return lambda folder: (folder / name).unlink()


def edited(name, pattern, replacement):
    def break_it(folder):
        before = (folder / name).read_text()
        after = re.sub(pattern, replacement, before, flags=re.MULTILINE)
        assert after != before
        (folder / name).write_text(after)

    return break_it


def said(**values):
    """A break that changes what the summary says; None takes a key out."""

    def break_it(folder):
        content = json.loads((folder / "md_summary.json").read_text()) | values
        kept = {key: value for key, value in content.items() if value is not None}
        (folder / "md_summary.json").write_text(json.dumps(kept))

    return break_it


def padded(folder):
    with (folder / "trajectory.xtc").open("ab") as file:
        file.write(b"\0" * 100)


def overwritten(start, length):
    """A break that writes zeros over a part of the trajectory, given by shares of its length."""

    def break_it(folder):
        content = bytearray((folder / "trajectory.xtc").read_bytes())
        first = int(start * len(content))
        content[first : first + length] = bytes(length)
        (folder / "trajectory.xtc").write_bytes(content)

    return break_it


def exchanged(*names, **run):
    """A break that takes files of another run."""

    def break_it(folder):
        write_run(folder / "other", electrolyte(), interval_ps=INTERVAL_ps, **run)
        for name in names:
            shutil.copy(folder / "other" / name, folder / name)

    return break_it


def other_order(folder):
    frames_A = [positions_A[::-1] for positions_A in run_frames(N_FRAMES)]
    rewritten(frames_A)(folder)


def other_molecules(folder):
    """Sodium in place of lithium; atoms are as many as before."""
    path = folder / "topology.pdb"
    path.write_text(path.read_text().replace(" LI ", " NA "))


FEWER, MORE = run_frames(N_FRAMES)[:6], run_frames(12)
TWICE = INTERVAL_ps * np.array([1, 2, 3, 4, 5, 5, 7, 8, 9, 10])
SPARSE = 2 * INTERVAL_ps * np.arange(1, 11)
SHORT = [positions_A[:-1] for positions_A in run_frames(N_FRAMES)]
OTHER = {"frames_A": run_frames(N_FRAMES, seed=1)}

RUNS = [
    (
        "frames are missing",
        rewritten(FEWER),
        r"trajectory\.xtc has 6 whole frames, .*wrote 10:.*RERUN",
    ),
    (
        "the last frame is torn",
        cut("trajectory.xtc", 0.97),
        r"9 whole frames, .*cannot be read.*10.*RERUN",
    ),
    ("most of it is missing", cut("trajectory.xtc", 0.35), r"has 3 whole frames.*wrote 10.*RERUN"),
    ("the first frame is torn", cut("trajectory.xtc", 0.05), r"trajectory\.xtc.*RERUN"),
    (
        "a few bytes are left",
        cut("trajectory.xtc", 0.002),
        r"trajectory\.xtc cannot be read.*RERUN",
    ),
    ("it is empty", text("trajectory.xtc", ""), r"trajectory\.xtc is missing or empty.*RERUN"),
    ("it is gone", gone("trajectory.xtc"), r"trajectory\.xtc is missing or empty.*RERUN"),
    ("it is a text", text("trajectory.xtc", "frames\n" * 99), r"trajectory\.xtc cannot.*RERUN"),
    ("it has more frames", rewritten(MORE), r"has 12 whole frames, its MD wrote 10.*RERUN"),
    ("bytes follow the last frame", padded, r"trajectory\.xtc.*RERUN"),
    ("the middle is zeros", overwritten(0.45, 400), r"trajectory\.xtc.*RERUN"),
    ("it has an atom less", rewritten(SHORT), r"trajectory\.xtc has 51 atoms, its topology.*RERUN"),
    ("atoms in another order", other_order, r"topology\.pdb is not of .*another order.*RERUN"),
    (
        "frames of another run",
        exchanged("trajectory.xtc", **OTHER),
        r"elsewhere in the first.*RERUN",
    ),
    ("no cell", rewritten(cell_A=0 * BOX_A), r"frame 0 has no periodic cell"),
    ("a flat cell", rewritten(cell_A=BOX_A * [[1], [1], [0]]), r"frame 0 has no periodic cell"),
    ("a time twice", rewritten(times_ps=TWICE), r"frame 5 is at 2\.5 ps where 3 ps.*RERUN"),
    ("another interval", rewritten(times_ps=SPARSE), r"frame 9 is at 10 ps where 5\.5 ps.*RERUN"),
    ("the topology is gone", gone("topology.pdb"), r"topology\.pdb is missing or empty.*RERUN"),
    ("the topology is empty", text("topology.pdb", ""), r"topology\.pdb is missing.*RERUN"),
    ("the topology is a text", text("topology.pdb", "atoms\n"), r"topology\.pdb cannot.*rerun"),
    ("the topology is cut off", cut("topology.pdb", 0.5), r"its topology \S+ has \d+: they.*RERUN"),
    (
        "the topology names no elements",
        edited("topology.pdb", r"^((?:ATOM|HETATM).{70}).*$", r"\1"),
        r"topology\.pdb .*elements",
    ),
    (
        "other molecules",
        other_molecules,
        r"topology\.pdb holds the molecules .*'NA': 2.*'LI': 2.*RERUN",
    ),
    (
        "the topology of another replica",
        exchanged("topology.pdb", **OTHER),
        r"topology\.pdb is not of .*trajectory\.xtc.*RERUN",
    ),
    (
        "topology and frames of another box",
        exchanged("topology.pdb", "trajectory.xtc", frames_A=run_frames(10), edge_A=21.0),
        r"trajectory\.xtc begins with a box of 21\.000 A.*20\.000 A.*RERUN",
    ),
    ("the summary is gone", gone("md_summary.json"), r"md_summary\.json: No such file.*RERUN"),
    ("the summary is cut off", cut("md_summary.json", 0.5), r"md_summary\.json: .*JSON.*RERUN"),
    ("it names no frames", said(n_frames=None), r"md_summary\.json: n_frames: .*required.*RERUN"),
    ("it says no frames", said(n_frames=0), r"md_summary\.json: n_frames: .*greater than 0.*RERUN"),
    ("it says other atoms", said(n_atoms=53), r"has 52 atoms, its MD had 53 .*RERUN"),
    ("it says other molecules", said(counts={"LI": 3}), r"the MD had \{'LI': 3\}.*RERUN"),
    ("it says more frames", said(n_frames=300), r"has 10 whole frames, its MD wrote 300.*RERUN"),
]


class Wildcards(tuple):
    """Wildcards of a job, by position and by name."""

    system = property(lambda self: self[0])


@pytest.fixture
def run(tmp_path):
    """Folder of a finished MD, and the job of a rule that reads it."""
    folder = tmp_path / "md"
    write_run(folder, electrolyte(), run_frames(N_FRAMES), EDGE_A, INTERVAL_ps)
    shell = Shell(rdf_max_A=8.0).model_dump(include={"ligand_elements", "rdf_max_A", "rdf_bin_A"})
    job = SimpleNamespace(
        rule="measure_rdf",
        log=tmp_path / "job.log",
        wildcards=Wildcards(["1M"]),
        input=SimpleNamespace(
            topologies=[folder / "topology.pdb"],
            trajectories=[folder / "trajectory.xtc"],
            summaries=[folder / "md_summary.json"],
        ),
        output=SimpleNamespace(rdf=tmp_path / "shell" / "rdf_1M.csv"),
        params=SimpleNamespace(electrolyte=electrolyte().model_dump(), shell=shell, frame_stride=1),
    )
    before = signal.getsignal(signal.SIGTERM)
    yield folder, job
    signal.signal(signal.SIGTERM, before)


def test_a_whole_trajectory_is_read(run):
    folder, job = run
    launch(measure_rdf.main, job)
    assert job.output.rdf.is_file()
    trajectory = open_run(folder)
    assert len(trajectory) == N_FRAMES and len(trajectory.molecule_name) == sum(COUNTS.values())


@pytest.mark.parametrize(("what", "break_it", "words"), RUNS, ids=[row[0] for row in RUNS])
def test_a_damaged_run_stops_the_rule(what, break_it, words, run):
    folder, job = run
    break_it(folder)
    with pytest.raises(SystemExit) as ended:
        launch(measure_rdf.main, job)
    assert ended.value.code == 1
    told = job.log.read_text()
    assert "Traceback" not in told and not job.output.rdf.exists()
    assert re.search(f"ERROR .*{words.replace('RERUN', RERUN)}", told), told


def crystal():
    return bulk("Cu", "fcc", a=3.6) * (3, 3, 3)


def written(change=lambda frames: None, cut_off=0):
    """A break that writes three frames of a crystal, changed; the last bytes are cut off."""

    def write(path):
        frames = [crystal() for _ in range(3)]
        change(frames)
        ase.io.write(path, frames, format="extxyz")
        content = path.read_bytes()
        path.write_bytes(content[: len(content) - cut_off])
        return path

    return write


def no_position(frames):
    frames[1].positions[5, 2] = np.nan


def swapped(frames):
    frames[0].numbers[3] = frames[1].numbers[3] = 47
    frames[2].numbers[4] = 47


def fewer(frames):
    del frames[2][-1]


def no_cell(frames):
    frames[1].set_cell(np.zeros((3, 3)))


def open_box(frames):
    frames[1].pbc = (True, True, False)


def without_a_line(path):
    written()(path)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    return path


def unknown_element(path):
    written()(path)
    path.write_text(path.read_text().replace("Cu", "Qq"))
    return path


def other_suffix(path):
    return written()(path.with_suffix(".xyz"))


FRAMES = [
    ("the last line is torn", written(cut_off=3), r"crystal\.extxyz cannot be read .*cut off"),
    ("the last line is missing", without_a_line, r"crystal\.extxyz cannot be read"),
    ("a position is no number", written(no_position), r"frame 1 has no finite position of atom 5"),
    ("atoms in another order", written(swapped), r"2 whole frames, .*another order"),
    ("an atom less in a frame", written(fewer), r"other atoms than the first"),
    ("a frame without a cell", written(no_cell), r"frame 1"),
    ("a frame that is not periodic", written(open_box), r"frame 1 .*not periodic in all three"),
    ("an unknown element", unknown_element, r"crystal\.extxyz.*Qq"),
    ("another format", other_suffix, r"crystal\.xyz: frames are read from \.xtc, \.extxyz"),
    ("no frame", lambda path: text(path.name, "")(path.parent) or path, r"is missing or empty"),
]


@pytest.mark.parametrize(("what", "write", "words"), FRAMES, ids=[row[0] for row in FRAMES])
def test_damaged_frames_of_a_crystal(what, write, words, tmp_path):
    with pytest.raises(InputError, match=words):
        list(Trajectory(None, write(tmp_path / "crystal.extxyz")).frames())


def test_every_rule_with_trajectories_takes_what_their_md_says():
    """What a rule does not name, its script cannot hold the trajectories to."""
    blocks = re.split(r"\n\n+", "\n".join(p.read_text() for p in ROOT.glob("workflow/rules/*.smk")))
    readers = [block for block in blocks if "trajectories=" in block]
    assert len(readers) > 10
    assert all("summaries=" in block for block in readers)
    for script in ROOT.glob("scripts/*/*.py"):
        opened = re.findall(r"\bTrajectory\(([^)]*)\)", script.read_text())
        assert all("summar" in arguments for arguments in opened), script
