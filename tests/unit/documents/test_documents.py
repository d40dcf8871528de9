"""The documents: short where promised, no dead link, no command, path or key that is not there."""

import importlib
import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
import yaml

from ionshift.studies import registry
from molecules import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "config" / "README.md",
    ROOT / "envs" / "README.md",
    *sorted((ROOT / "resources").glob("*/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"(?:scripts|config|workflow|envs|resources|tests|docs)/[\w./-]+\w")
# Files of the reader, named in examples.
OF_THE_READER = {
    "config/mine.yaml",
    "envs/NAME.PLATFORM.pin.txt",
    "envs/NAME.yaml",
    "resources/boxes",
    "resources/labels/mine.extxyz",
    "resources/rounds/mine_1.csv",
}


def commands(text):
    """Lines of code and code spans of a page, each on one line, without comments."""
    blocks = [block for _, block in FENCED.findall(text)]
    prose = FENCED.sub("", text)
    indented = re.findall(r"^ {4}(\S.*)$", prose, re.MULTILINE)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line.partition(" #")[0].strip() for line in [*lines, *indented, *spans]]


def named(program):
    """(page, command) of every command of `program` in the pages."""
    return [
        (page, line)
        for page in PAGES
        for line in commands(page.read_text())
        if line.startswith(f"{program} ")
    ]


def test_the_readme_is_a_page():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_commands_are_found_in_every_kind_of_code():
    text = "Try `a\nb`.\n\n    c d  # why\n\n```sh\ne f\n```\n"
    assert commands(text) == ["e f", "c d", "a b"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page):
    text = FENCED.sub("", page.read_text())
    targets = [link.partition("#")[0] for link in LINK.findall(text) if "://" not in link]
    folder = page.resolve().parent if page.is_symlink() else page.parent
    dead = [target for target in targets if target and not (folder / target).exists()]
    assert not dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_in_code_exist(page):
    found = {path for line in commands(page.read_text()) for path in paths_in(line)}
    assert not {path for path in found - OF_THE_READER if not (ROOT / path).exists()}


def paths_in(line):
    """Paths of the repository in a command; those with a placeholder are left out."""
    words = [word for word in line.split() if not re.search(r"[{*<]|://|results/", word)]
    return [match[0] for word in words if (match := PATH.match(word))]


def test_every_test_that_the_page_on_security_names_exists():
    text = (ROOT / "docs" / "security.md").read_text()
    found = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(found) >= 10
    for path, name in found:
        assert f"def {name}(" in (ROOT / path).read_text(), f"{path}::{name}"


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named("make")
    for page, line in named("make"):
        words = [word for word in line.split()[1:] if "=" not in word and word != "&&"]
        assert set(words) <= targets, (page, line)


def test_commands_of_ionshift_exist():
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"].get("scripts")
    if not entry:
        pytest.skip("there is no command ionshift yet")
    typer = pytest.importorskip("typer")
    module, _, _ = entry["ionshift"].partition(":")
    group = typer.main.get_command(importlib.import_module(module).app)
    assert len(named("ionshift")) > 20
    for page, line in named("ionshift"):
        wrong = unknown_word(group, shlex.split(line)[1:])
        assert wrong is None, f"{page.relative_to(ROOT)}: {line}: no {wrong}"


def unknown_word(command, words):
    """The first command or option that `command` does not have, or None."""
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return words[0]
        command, words = command.commands[words[0]], words[1:]
    words = words[: words.index("--")] if "--" in words else words  # the rest is Snakemake's
    options = {"--help"}.union(*(param.opts + param.secondary_opts for param in command.params))
    return next((w for w in words if w.startswith("--") and w.split("=")[0] not in options), None)


@pytest.mark.parametrize("name", ["README.md", "docs/own_electrolyte.md"])
def test_the_example_of_an_electrolyte_is_a_valid_study(name):
    blocks = [block for kind, block in FENCED.findall((ROOT / name).read_text()) if kind == "yaml"]
    assert len(blocks) == 1
    study = registry.load(yaml.safe_load(blocks[0]))
    assert study.sampling.n_clusters == 200


def test_the_readme_shows_an_electrolyte_in_ten_lines():
    blocks = [b for kind, b in FENCED.findall((ROOT / "README.md").read_text()) if kind == "yaml"]
    assert len(blocks[0].splitlines()) <= 10


def test_the_version_is_the_same_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"].get("version")
    library = re.search(
        r'__version__ = "(.+)"', (ROOT / "scripts/ionshift/__init__.py").read_text()
    )[1]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"]
    assert citation == library and version in (library, None)
    assert f"## [{library}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_site_builds_without_a_warning(tmp_path):
    if importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs-material is not installed (make docs installs it)")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    front = (tmp_path / "site" / "index.html").read_text()
    assert not re.findall(r'(?:src|href)="https?://[^"]*\.(?:js|css|woff2?)"', front)
