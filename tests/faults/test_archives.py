"""Archives that must not be unpacked: what is broken, and the member that the message names."""

import gzip
import hashlib
import io
import pickle
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from ionshift.core.errors import InputError
from ionshift.learning.committee import Committee
from ionshift.learning.pca import Axes, Moments
from ionshift.runs.archive import CHECKSUMS, result_files
from ionshift.runs.unpack import unpack

ROOT = Path(__file__).resolve().parents[2]
LIST = f"results/mine/{CHECKSUMS}"
CONTENT = {
    "results/mine/config.yaml": b"study: mine\n",
    "results/mine/tables/shifts.csv": b"system,shift_ppm\n1M,0.1\n" * 300,
    "results/mine/predictions/1M.parquet": bytes(range(256)) * 40,
    "resources/molecules/LI.pdb": b"ATOM\nEND\n",
}


def sums(content):
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in content.items()]
    return "".join(lines).encode()


def plain(name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member, data


def link(name, target, kind=tarfile.SYMTYPE):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def write(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
    return path


def good(path, content=CONTENT):
    return write(path, [plain(LIST, sums(content)), *(plain(*one) for one in content.items())])


def with_member(*more):
    """A sound archive with further members, which its list has."""

    def make(path):
        content = CONTENT | dict(more)
        return good(path, content)

    return make


def with_link(*arguments):
    def make(path):
        members = [plain(LIST, sums(CONTENT)), link(*arguments)]
        return write(path, members + [plain(*one) for one in CONTENT.items()])

    return make


def altered(path):
    changed = CONTENT | {"results/mine/tables/shifts.csv": b"system,shift_ppm\n1M,9.9\n"}
    return write(path, [plain(LIST, sums(CONTENT)), *(plain(*one) for one in changed.items())])


def lost(path):
    members = [plain(name, data) for name, data in CONTENT.items() if "shifts" not in name]
    return write(path, [plain(LIST, sums(CONTENT)), *members])


def unlisted(path):
    members = [plain(*one) for one in CONTENT.items()]
    return write(path, [plain(LIST, sums(CONTENT)), *members, plain("results/x.csv", b"1")])


def without_list(path):
    return write(path, [plain(*one) for one in CONTENT.items()])


def twice(path):
    members = [plain(*one) for one in CONTENT.items()]
    return write(path, [plain(LIST, sums(CONTENT)), *members, members[1]])


def bad_list(path):
    return write(path, [plain(LIST, b"no checksums"), *(plain(*one) for one in CONTENT.items())])


def cut(path):
    content = good(path).read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    return path


def flipped(path):
    """A byte in the middle of the compressed stream."""
    content = bytearray(good(path).read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    return path


def flipped_inside(path):
    """A byte of a member, packed again: gzip's own sum is right."""
    content = bytearray(gzip.decompress(good(path).read_bytes()))
    content[content.find(b"1M,0.1")] ^= 0x01
    path.write_bytes(gzip.compress(bytes(content)))
    return path


def words(path):
    path.write_bytes(b"words\n" * 200)
    return path


ROWS = {
    "cut off": (cut, "bad.tar.gz: damaged or cut off|is missing"),
    "a flipped byte": (flipped, "damaged or cut off at|was altered"),
    "a flipped byte of a member": (flipped_inside, "tables/shifts.csv was altered since"),
    "an altered member": (altered, "tables/shifts.csv was altered since it was packed"),
    "a lost member": (lost, "tables/shifts.csv is missing"),
    "a member that is not listed": (unlisted, "results/x.csv is not in its list"),
    "no list": (without_list, "is not in its list archive.sha256"),
    "a damaged list": (bad_list, "archive.sha256 is damaged"),
    "a member twice": (twice, "tables/shifts.csv is in it twice"),
    "no archive": (words, "damaged or cut off at its beginning"),
    "a path upwards": (with_member(("results/../../x", b"1")), "results/../../x does not belong"),
    "an absolute path": (with_member(("/tmp/x", b"1")), "/tmp/x does not belong"),
    "a path of Windows": (with_member(("results\\..\\x/y", b"1")), "does not belong"),
    "a hook of git": (with_member((".git/hooks/post-checkout", b"1")), "post-checkout does not"),
    "a hidden file": (with_member(("results/mine/.x", b"1")), "results/mine/.x does not belong"),
    "a script": (with_member(("scripts/ionshift/new.py", b"1")), "new.py does not belong"),
    "a rule": (with_member(("workflow/rules/new.smk", b"1")), "new.smk does not belong"),
    "a file at the root": (with_member(("sitecustomize.py", b"1")), "sitecustomize.py does not"),
    "a link to a file": (with_link("results/mine/x", "/etc/passwd"), "results/mine/x is a link"),
    "a link to a folder": (with_link("results/other", "/tmp"), "results/other is a link"),
    "a hard link": (
        with_link("results/x", "results/mine/config.yaml", tarfile.LNKTYPE),
        "results/x is a link",
    ),
    "a device": (with_link("results/x", "", tarfile.CHRTYPE), "results/x is a link or no plain"),
    "a pipe": (with_link("results/x", "", tarfile.FIFOTYPE), "results/x is a link or no plain"),
}


@pytest.mark.parametrize(("make", "message"), ROWS.values(), ids=ROWS)
def test_a_bad_archive_writes_nothing(tmp_path, make, message):
    path, folder = make(tmp_path / "bad.tar.gz"), tmp_path / "clone"
    folder.mkdir()
    with pytest.raises(InputError, match=message) as caught:
        unpack(path, folder)
    assert str(path) in str(caught.value)
    assert list(folder.iterdir()) == []


def test_a_good_archive_is_unpacked_once(tmp_path):
    path, folder = good(tmp_path / "good.tar.gz"), tmp_path / "clone"
    assert len(unpack(path, folder)) == len(CONTENT) + 1
    assert {name: (folder / name).read_bytes() for name in CONTENT} == CONTENT
    assert unpack(path, folder) == []


def test_a_file_that_is_there_is_not_replaced(tmp_path):
    path, folder = good(tmp_path / "good.tar.gz"), tmp_path / "clone"
    mine = folder / "resources/molecules/LI.pdb"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(InputError, match=r"LI\.pdb differs from the file that is there"):
        unpack(path, folder)
    assert mine.read_text() == "mine" and not (folder / "results").exists()


def test_the_command_ends_with_a_sentence(tmp_path):
    def command(path):
        return subprocess.run(
            [sys.executable, "-m", "ionshift.cli", "unpack", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "scripts")},
        )

    for path in (altered(tmp_path / "bad.tar.gz"), tmp_path / "none.tar.gz"):
        done = command(path)
        assert done.returncode == 1
        assert done.stderr.startswith(f"ERROR {path}: ") and "Traceback" not in done.stderr


def test_descriptors_are_packed_when_asked_for(tmp_path):
    for name in ("pca/1M.npz", "pca/axes.npz", "pca/1M.extxyz", "tables/pca.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    def names(**options):
        return {str(path.relative_to(tmp_path)) for path in result_files(tmp_path, **options)}

    assert names() == {"pca/1M.extxyz", "tables/pca.csv"}
    assert names(descriptors=True) - names() == {"pca/1M.npz", "pca/axes.npz"}


class Runs:
    """Writes a file when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return open, (str(self.target), "w")


@pytest.mark.parametrize("kind", ["pickle", "torch"])
def test_a_model_runs_no_code(tmp_path, kind):
    path, trace = tmp_path / "committee.pt", tmp_path / "trace"
    if kind == "torch":
        torch.save({"recipe": Runs(trace)}, path)
    else:
        path.write_bytes(pickle.dumps(Runs(trace)))
    with pytest.raises(InputError, match=r"committee\.pt cannot be read"):
        Committee.load(path)
    assert not trace.exists()


@pytest.mark.parametrize("load", [Moments.load, Axes.load])
def test_descriptors_run_no_code(tmp_path, load):
    path, trace = tmp_path / "axes.npz", tmp_path / "trace"
    np.savez(path, species=np.array([Runs(trace)], dtype=object))
    with pytest.raises(InputError, match=r"axes\.npz"):
        load(path)
    assert not trace.exists()


def test_every_load_of_the_library_refuses_pickles():
    """`numpy.load` does so by itself; nothing asks for them."""
    for path in (ROOT / "scripts").rglob("*.py"):
        text = path.read_text()
        assert "allow_pickle=True" not in text, path
        assert "weights_only=False" not in text, path
        assert "import pickle" not in text and "pickle.load" not in text, path
        assert "yaml.load(" not in text and "extractall(" not in text, path
