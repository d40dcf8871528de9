"""The lock file: what is installed is what was tested, down to the packages of packages."""

import re
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pins(path):
    lines = [line for line in path.read_text().splitlines() if "==" in line]
    return {canonicalize_name(line.split("==")[0]): line.split("==")[1].strip() for line in lines}


@pytest.fixture(scope="module")
def locked(root):
    return pins(root / "envs/lock.txt")


def test_the_lock_has_the_pins_of_the_requirements(root, locked):
    wanted = pins(root / "envs/requirements.txt")
    assert len(wanted) > 20
    assert {name: locked.get(name) for name in wanted} == wanted


def test_every_package_behind_the_requirements_is_locked_and_installed(root, locked):
    waiting, seen = set(pins(root / "envs/requirements.txt")), set()
    wrong = {}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            wrong[name] = "not installed"
            continue
        installed = re.sub(r"\+.*", "", package.version)
        if locked.get(name) != installed:
            wrong[name] = f"{installed} installed, {locked.get(name)} locked"
        needs = [Requirement(text) for text in package.requires or []]
        waiting |= {
            canonicalize_name(need.name)
            for need in needs
            if need.marker is None or need.marker.evaluate({"extra": ""})
        } - seen
    assert wrong == {}, "make a new environment, or the lock by `make lock`"
    assert len(seen) > 100
