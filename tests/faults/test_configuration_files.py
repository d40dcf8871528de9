"""Files that are no configuration, through the commands a user types: a sentence, no traceback."""

import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from ionshift.cli import main
from ionshift.config.reading import read_yaml
from ionshift.core.errors import InputError
from ionshift.runs import before_run
from ionshift.studies import registry
from molecules import ROOT
from projects import copy_project, with_library

DEMO = (ROOT / "config" / "config.yaml").read_text()
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

FILES = {
    "a block twice": (
        DEMO + "md:\n  threads: 1\n",
        ["the key md stands twice", "line 27 and in line 66", "keep one"],
    ),
    "a key twice": (
        "study: demo\nmd:\n  threads: 1\n  threads: 2\n",
        ["md.threads stands twice", "line 3 and in line 4"],
    ),
    "a key twice in braces": ("systems: {1M: {}, 1M: {}}\n", ["systems.1M stands twice", "line 1"]),
    "a key twice in a list": ("a:\n- {b: 1, b: 2}\n", ["a[0].b stands twice", "line 2"]),
    "a key twice behind an alias": (
        "a: &a {b: 1, b: 2}\nc: *a\n",
        ["a.b stands twice", "line 1 and in line 1"],
    ),
    "an open brace": ("study: demo\nmd: {threads: 1\n", ["line 3", "is not valid YAML"]),
    "a tab": ("study: demo\nmd:\n\tthreads: 1\n", ["line 3", "not valid YAML", "no tabs"]),
    "a colon in a value": ("study: a: b\n", ["line 1, column 9", "not valid YAML"]),
    "an open quote": ('study: "demo\n', ["not valid YAML", "quote"]),
    "wrong indentation": ("md:\n  threads: 1\n replicas: 1\n", ["line 3", "not valid YAML"]),
    "an unknown alias": ("md: *other\n", ["line 1", "not valid YAML", "undefined alias"]),
    "an object of Python": (
        "md: !!python/object/apply:os.system [touch /tmp/x]\n",
        ["line 1", "not valid YAML", "python/object/apply"],
    ),
    "code for Snakemake": ("__use_yte__: true\n?print(1): 2\n", ["line 1", "__use_yte__", "code"]),
    "two documents": ("study: a\n---\nstudy: b\n", ["line 2", "not valid YAML", "single document"]),
    "a date that is none": ("study: 2025-13-45\n", ["line 1", "not valid YAML", "month"]),
    "endless digits": (f"seed: {'9' * 5000}\n", ["line 1", "not valid YAML", "digits"]),
    "a key that is no": (
        "electrolyte:\n  no: 1\n",
        ["line 2", "the key no in electrolyte", "bool"],
    ),
    "a key that is a number": ("systems:\n  1: {}\n", ["line 2", "the key 1 in systems", "quotes"]),
    "a key that is a list": ("? [a, b]\n: 1\n", ["line 1", "a list or a block", "quotes"]),
    "a key that is nothing": ("~: 1\n", ["line 1", "the key ~", "null"]),
    "aliases that multiply": (BOMB, ["aliases expand to more than 100000 values", "write them"]),
    "an alias of itself": ("a: &a [*a]\n", ["line 1", "an alias refers to what holds it"]),
    "brackets without end": ("a: " + "[" * 50_000, ["not valid YAML|nested too deeply"]),
    "nothing": ("", ["expected keys and values, found nothing", "begin with"]),
    "a comment": ("# study: demo\n", ["expected keys and values, found nothing"]),
    "a list": ("- study\n- demo\n", ["expected keys and values, found a list"]),
    "a word": ("demo\n", ["expected keys and values, found one value, 'demo'"]),
    "a number": ("12\n", ["expected keys and values, found one value, '12'"]),
    "bytes that are no text": (b"study: d\xe9mo\n", ["byte 8 is no UTF-8", "save the file"]),
    "UTF-16": ("study: demo\n".encode("utf-16"), ["byte 0 is no UTF-8"]),
    "a control character": ("study: de\x07mo\n", ["not valid YAML", "not allowed|special"]),
    "a binary file": (bytes(range(256)) * 10, ["is no UTF-8"]),
}


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="study.yaml"):
        path = tmp_path / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    return write_file


def holds(text, words):
    return all(any(one in text for one in word.split("|")) for word in words)


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_configuration_is_named_with_its_line(case, write):
    content, words = FILES[case]
    path = write(content)
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    text = str(caught.value)
    assert holds(text, [str(path), *words]), text
    assert len(text) < 600


def test_aliases_and_merges_that_are_meant_stay(tmp_path):
    """One block for two is what YAML has them for; a key beside `<<` wins."""
    path = tmp_path / "study.yaml"
    path.write_text("a: &a {b: 1, c: 2}\nd: {<<: *a, b: 3}\ne: *a\n")
    assert read_yaml(path) == {"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2}, "e": {"b": 1, "c": 2}}


# ------------------------------------------------------------- through commands

COMMANDS = {
    "run": ("run", "{}"),
    "run -n": ("run", "{}", "-n"),
    "plan": ("plan", "{}"),
    "status": ("status", "{}"),
    "report": ("report", "{}"),
    "figures": ("figures", "{}"),
    "archive": ("archive", "{}"),
    "crate": ("crate", "{}"),
    "adopt": ("adopt", "{}"),
    "labels status": ("labels", "status", "{}"),
    "labels retry": ("labels", "retry", "{}"),
    "labels retry-frames": ("labels", "retry-frames", "{}"),
    "labels next": ("labels", "next", "{}"),
    "labels export": ("labels", "export", "{}", "name"),
    "bench inference": ("bench", "inference", "{}"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", ["a block twice", "an open brace", "aliases that multiply"])
def test_every_command_reads_with_the_one_reader(command, case, write, monkeypatch):
    monkeypatch.chdir(ROOT)
    content, words = FILES[case]
    path = write(content, "my study.yaml")
    arguments = [part.format(path) for part in COMMANDS[command]]
    with pytest.raises(InputError) as caught:
        CliRunner().invoke(main.app, arguments, catch_exceptions=False)
    assert holds(str(caught.value), [str(path), *words])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_wrong_key(command, write, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = write(DEMO.replace("threads: 1", "threads: none"))
    arguments = [part.format(path) for part in COMMANDS[command]]
    with pytest.raises(InputError, match=r"md\.threads = 'none'"):
        CliRunner().invoke(main.app, arguments, catch_exceptions=False)


# ------------------------------------------------------------- in a project of its own


def ask(folder, *command):
    """A command as a user types it, in a copy of the project; returns code and all it said."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        env=with_library(folder) | {"COLUMNS": "200"},
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clone of mine")
    copy_project(folder)
    return folder


@pytest.mark.parametrize("case", ["a block twice", "a key that is a number", "code for Snakemake"])
def test_snakemake_refuses_what_its_own_reader_takes(case, clone):
    content, words = FILES[case]
    (clone / "wrong.yaml").write_text(content)
    code, said = ask(clone, "snakemake", "-n", "--configfile", "config/config.yaml", "wrong.yaml")
    assert code == 1 and holds(said, ["wrong.yaml", *words]) and "Traceback" not in said, said


def test_snakemake_merges_several_files_as_ever(clone):
    (clone / "other.yaml").write_text("study: other\nelf: {n_clusters: 0}\n")
    code, said = ask(clone, "snakemake", "-n", "--configfile", "config/config.yaml", "other.yaml")
    assert code == 0 and "results/other/" in said and "results/demo/" not in said


@pytest.mark.parametrize(
    "command",
    [
        ("ionshift.cli", "run", "my study.yaml", "-n"),
        ("snakemake", "-n", "--configfile", "my study.yaml"),
    ],
)
def test_a_path_with_spaces_is_planned(command, clone):
    (clone / "my study.yaml").write_text(DEMO)
    code, said = ask(clone, *command)
    assert code == 0 and "results/demo/" in said, said


BEFORE_THE_FIRST_JOB = {
    "functional": ("functional: b3lpy", "labelling.protocols.mine.functional"),
    "basis": ("basis_far: def2-svpp", "labelling.protocols.mine.basis_far"),
}


@pytest.mark.parametrize("case", BEFORE_THE_FIRST_JOB)
def test_plain_snakemake_stops_before_its_first_job(case, clone):
    change, key = BEFORE_THE_FIRST_JOB[case]
    own = f"protocol: mine\n  protocols: {{mine: {{{change}}}}}"
    (clone / "own.yaml").write_text(DEMO.replace("protocol: fast", own))
    code, said = ask(clone, "snakemake", "--cores", "1", "--configfile", "own.yaml")
    assert code == 1 and key in said and "Traceback" not in said, said
    assert not list((clone / "results").glob("demo/md/*"))


def test_a_results_folder_that_is_a_file_is_named(clone):
    results = clone / "results"
    shutil.rmtree(results, ignore_errors=True)
    results.write_text("")
    try:
        for command in (
            ("ionshift.cli", "run"),
            ("ionshift.cli", "plan"),
            ("snakemake", "--cores", "1"),
            ("snakemake", "--cores", "1", "-n"),
        ):
            code, said = ask(clone, *command)
            assert code == 1 and "results is a file" in said and "Traceback" not in said, said
    finally:
        results.unlink()


def test_a_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    """Root may write anywhere, so the answer of the system is put in its place."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(before_run.os, "access", lambda path, mode: False)
    monkeypatch.chdir(tmp_path)
    study = registry.load(ROOT / "config" / "config.yaml")
    with pytest.raises(InputError, match=r"results = 'results/demo': .*results cannot be written"):
        before_run.check_folders(study)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run", "--cores", "0"), 2, "greater than or equal to 1"),
        (("run", "--cores", "-1"), 2, "greater than or equal to 1"),
        (("run", ""), 1, "it is a folder; name the YAML file"),
        (("run", "config"), 1, "it is a folder; name the YAML file"),
        (("run", "no such file.yaml"), 1, "no such file.yaml: no such file"),
        (("labels", "status", "config"), 1, "it is a folder"),
        (("labels", "relabel", "a.extxyz", "fsat", "x"), 1, "did you mean 'fast'"),
        (("labels", "relabel", "none.extxyz", "fast", "x"), 1, "none.extxyz"),
        (("labels", "export", "config/config.yaml", "../x"), 2, "letters, digits"),
        (("labels", "export", "config/config.yaml", "x; ls"), 2, "letters, digits"),
        (("labels", "export", "config/config.yaml", "x"), 1, "results/demo"),
        (("labels", "next", "config/config.yaml"), 1, "run the study first"),
        (("archive", "config/config.yaml"), 1, "results/demo"),
        (("crate", "config/config.yaml"), 1, "results/demo"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(arguments, code, words, clone):
    found, said = ask(clone, "ionshift.cli", *arguments)
    assert found == code and words in said and "Traceback" not in said, said
