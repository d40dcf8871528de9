"""The configuration's JSON schema and reference page, made from the model in `config`.

    ionshift docs reference

writes `config/schema.json` and `config/README.md`. Nothing about a key is said here: types,
defaults, limits and descriptions are read from the pydantic model.
"""

import json
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from ionshift.config.base import Block, Element, FileName, OneOf
from ionshift.config.protocol import PROTOCOLS
from ionshift.core.files import atomic_path
from ionshift.studies.liquid_nmr import Study

COMMAND = "ionshift docs reference"
CONFIG_FOLDER = Path(__file__).resolve().parents[3] / "config"

INTRO = f"""# Configuration

A study is one YAML file: `snakemake --configfile config/lifsi_dme.yaml`. Only `study`,
`electrolyte` and `systems` are needed; every other key has the default given here. Units are part
of the names (`cutoff_A`, `production_ps`), values are plain numbers. A wrong key, type or value
stops the workflow before any job starts, with a message that names it.

This page and `schema.json` (for the completion and checks of an editor) are generated from the
model in `scripts/ionshift/config`. Do not edit them; run `{COMMAND}`.
"""

PLAIN_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


class Described(NamedTuple):
    """A type in plain words, and what limits its values."""

    words: str
    limits: tuple = ()


def schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a study file, as a dict."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Study.model_json_schema(),
        "title": "Ionshift study",
    }


def reference() -> str:
    """The reference page of every key, as Markdown: one table a block."""
    sections = [INTRO, *(_section(path, block) for path, block in _blocks("", Study))]
    return "\n".join([*sections, _protocol_table()])


def write(folder: str | Path = CONFIG_FOLDER) -> list[Path]:
    """Write `schema.json` and `README.md` into `folder`; return both paths."""
    texts = {"schema.json": json.dumps(schema(), indent=2) + "\n", "README.md": reference()}
    for name, text in texts.items():
        with atomic_path(Path(folder) / name) as path:
            path.write_text(text)
    return [Path(folder) / name for name in texts]


def _blocks(path, block):
    """Yield (key path, model) of `block` and of every block below it, depth first."""
    yield path, block
    for name, field in block.model_fields.items():
        below = _block_in(field.annotation)
        if below:
            yield from _blocks(_key(path, name) + _placeholder(field.annotation), below)


def _block_in(annotation):
    """The block that `annotation` is or holds, or None."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    return next(filter(None, map(_block_in, get_args(annotation))), None)


def _placeholder(annotation):
    return ".<name>" if get_origin(annotation) is dict else ""


def _key(path, name):
    return f"{path}.{name}" if path else name


def _section(path, block):
    rows = [_row(path, name, field) for name, field in block.model_fields.items()]
    note = vars(block).get("__doc__")
    return "\n".join(
        [
            f"## `{path}`" if path else "## Top level",
            "",
            *([note.strip(), ""] if note else []),
            "| Key | Type | Default | Allowed | Meaning |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _row(path, name, field):
    described = _describe(field.annotation, field.metadata)
    cells = [
        f"`{_key(path, name)}`",
        described.words,
        _default(field),
        "; ".join(described.limits),
        field.description or "",
    ]
    return "| " + " | ".join(_escape(cell) for cell in cells) + " |"


def _escape(cell):
    return " ".join(cell.replace("|", "\\|").split())


def _default(field):
    if field.is_required():
        return "**needed**"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Block):
        return "see its table"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _describe(annotation: Any, metadata: Iterable[Any] = ()) -> Described:
    """Describe a type and the constraints attached to it, at any depth."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _describe(inner, [*more, *metadata])
    metadata = list(_flat(metadata))
    if all(item in metadata for item in get_args(Element)[1:]):
        return Described("element symbol")
    if all(item in metadata for item in get_args(FileName)[1:]):
        return Described("path")
    names = [name for item in metadata if isinstance(item, OneOf) for name in item.registry.names()]
    if names:
        return Described("choice", (", ".join(f"`{name}`" for name in names),))
    inner = _describe_bare(annotation)
    return Described(inner.words, (*filter(None, map(_limit, metadata)), *inner.limits))


def _describe_bare(annotation):
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _describe_union(arguments)
    if origin is Literal:
        return Described("choice", (", ".join(f"`{choice}`" for choice in arguments),))
    if origin is list:
        item = _describe(arguments[0])
        return Described(f"list of {item.words}s", _each(item.limits))
    if origin is tuple:
        items = list(dict.fromkeys(_describe(a).words for a in arguments))
        return Described(f"list of {len(arguments)} {' and '.join(items)}s")
    if origin is dict:
        name, item = map(_describe, arguments)
        return Described(
            f"names to {item.words}s",
            (*(f"names: {limit}" for limit in name.limits), *_each(item.limits)),
        )
    if _block_in(annotation):
        return Described("block")
    return Described(PLAIN_WORDS[annotation])


def _describe_union(arguments):
    known = [_describe(a) for a in arguments if a is not type(None)]
    words = [d.words for d in known] + (["null"] if type(None) in arguments else [])
    return Described(" or ".join(words), tuple(limit for d in known for limit in d.limits))


def _each(limits):
    return tuple(f"each {limit}" for limit in limits)


def _flat(metadata):
    """Constraints of `metadata`; a `Field(...)` inside an `Annotated` holds its own list."""
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _limit(constraint):
    """One constraint in words, or None where there is nothing to say."""
    for attribute, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<=")):
        bound = getattr(constraint, attribute, None)
        if bound is not None:
            return f"{sign} {bound if isinstance(bound, int) else f'{bound:g}'}"
    if getattr(constraint, "min_length", None) is not None:
        return f"at least {constraint.min_length} given"
    if getattr(constraint, "pattern", None) is not None:
        return f"matches `{constraint.pattern}`"
    return None


def _protocol_table():
    """The built-in labelling protocols side by side."""
    protocols = {name: protocol.model_dump() for name, protocol in PROTOCOLS.items()}
    keys = next(iter(protocols.values()))
    rows = [
        "| " + " | ".join([f"`{key}`", *(f"`{json.dumps(p[key])}`" for p in protocols.values())])
        for key in keys
    ]
    return "\n".join(
        [
            "## Built-in protocols",
            "",
            "What `labelling.protocol` may name without an entry in `labelling.protocols`.",
            "",
            "| Key | " + " | ".join(f"`{name}`" for name in protocols) + " |",
            "| --- |" + " --- |" * len(protocols),
            *(row + " |" for row in rows),
            "",
        ]
    )
