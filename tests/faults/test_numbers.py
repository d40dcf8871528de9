"""Every key of every block: no number may be nan or infinite, no word or block stands for one."""

import math
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import ValidationError

from ionshift.config.base import Block, block_of
from ionshift.config.reading import read_yaml
from ionshift.core.errors import InputError
from ionshift.studies import registry
from ionshift.studies.liquid_nmr import Study
from molecules import ROOT
from studies import spoil

ENDLESS = (math.nan, math.inf, -math.inf, "nan", "inf", "-Infinity")
EXTREME = (0, -1, 5e-324, 1e-300, 1e300, 1.7e308, 10**400, -(10**400), 2**63)


def blocks(block: type[Block] = Study) -> set[type[Block]]:
    """A block and all blocks in it."""
    inner = [block_of(field.annotation) for field in block.model_fields.values()]
    return {block}.union(*(blocks(one) for one in inner if one and one is not block))


def numbers_in(annotation: Any) -> list[tuple]:
    """How a type holds floats: paths of containers, such as () or ('list',) or ('dict',)."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is float:
        return [()]
    if origin is Annotated:
        return numbers_in(arguments[0])
    if origin in (list, dict, tuple):
        name = origin.__name__
        return [(name, *path) for path in numbers_in(arguments[-1])]
    return [path for one in arguments for path in numbers_in(one)]


def wrapped(number, path):
    """A number in the containers of a path."""
    for container in reversed(path):
        number = {"list": [number], "tuple": [number, number], "dict": {"Li": number}}[container]
    return number


FLOATS = [
    (block, key, path)
    for block in sorted(blocks(), key=lambda one: one.__name__)
    for key, field in block.model_fields.items()
    for path in numbers_in(field.annotation)
]


def mistakes(block, key, value):
    """Types of pydantic's complaints about a key when it has this value."""
    try:
        block.model_validate({key: value})
    except ValidationError as error:
        return [one["type"] for one in error.errors() if one["loc"][:1] == (key,)]
    return []


def test_all_floats_are_looked_at():
    assert len(FLOATS) >= 80
    assert {path for _, _, path in FLOATS} == {(), ("list",), ("tuple",), ("dict",)}


@pytest.mark.parametrize("number", ENDLESS)
def test_no_number_is_endless(number):
    let_through = [
        f"{block.__name__}.{key}"
        for block, key, path in FLOATS
        if not mistakes(block, key, wrapped(number, path))
        # An option of a calculator may be a word, and "nan" is one.
        and not (isinstance(number, str) and key == "options")
    ]
    assert not let_through


def test_true_is_no_number():
    let_through = [
        f"{block.__name__}.{key}"
        for block, key, path in FLOATS
        if key != "options" and "value_error" not in mistakes(block, key, wrapped(True, path))
    ]
    assert not let_through


def numeric_keys(block=Study, prefix=()):
    """Dotted keys of all single numbers of a study with all of its blocks."""
    for key, field in block.model_fields.items():
        inner = block_of(field.annotation)
        if inner and get_origin(field.annotation) is not dict:
            yield from numeric_keys(inner, (*prefix, key))
        elif not inner and {float, int} & numbers_of(field.annotation):
            yield ".".join((*prefix, key))


def numbers_of(annotation):
    """Types of numbers that a key takes alone."""
    if get_origin(annotation) in (list, dict, tuple):
        return set()
    inner = [numbers_of(one) for one in get_args(annotation)]
    return {annotation}.union(*inner) if isinstance(annotation, type) else set().union(*inner)


@pytest.fixture(scope="module")
def whole_study():
    """The demo with every block, as plain data."""
    data = read_yaml(ROOT / "config" / "config.yaml")
    prior = {"charges": {"Li": 1.0}}
    training = {"prior": prior}
    data["labelling"] |= {"shipped": [], "reference_labels": []}
    data["systems"] = {"1M": data["systems"]["1M"]}
    return data | {
        "model": {"committee_size": 2, "group_ps": 10},
        "sampling": {"n_clusters": 3},
        "potential": {"prior": prior},
        "potential_training": training,
        "geometry_optimization": {},
    }


@pytest.mark.parametrize(
    "number", EXTREME, ids=lambda number: f"{number:.1e}"[:8] if abs(number) < 1e308 else "huge"
)
def test_an_extreme_number_loads_or_is_refused(number, whole_study, monkeypatch):
    """Never another exception: neither when it is read nor against the files."""
    monkeypatch.chdir(ROOT)
    sound = registry.load(whole_study)
    registry.kind(sound.kind).check(sound)
    keys = list(numeric_keys())
    assert len(keys) >= 100
    for key in keys:
        try:
            study = registry.load(spoil(whole_study, key, number))
            registry.kind(study.kind).check(study)
        except InputError as error:
            assert str(error)
        except Exception as error:
            raise AssertionError(f"{key} = {number}: {type(error).__name__}: {error}") from error
