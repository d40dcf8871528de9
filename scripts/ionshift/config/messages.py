"""Mistakes in a configuration as lines that name key, value and remedy."""

import re
from typing import Any, get_origin

from pydantic import ValidationError

from ionshift.config.base import PATTERNS, Block, block_of, closest
from ionshift.config.renamed import RENAMED

LONGEST = 120
"""Characters of a wrong value that a message shows."""


def explain(error: ValidationError, model: type[Block]) -> str:
    """Turn pydantic's list of mistakes into lines that name key, value and remedy."""
    return "\n".join(
        ["The configuration has mistakes:", *(_explain_one(e, model) for e in error.errors())]
    )


def _explain_one(mistake, model):
    where = ".".join(str(part) for part in mistake["loc"])
    given = mistake.get("input")
    if mistake["type"] == "extra_forbidden":
        keys = _keys_at(mistake["loc"][:-1], model)
        if where in RENAMED:
            return f"  {where}: this key is called {RENAMED[where]} since version 0.2; rename it"
        hint = closest(str(mistake["loc"][-1]), keys)
        return f"  {where} = {_shown(given)}: unknown key{hint}; allowed here: {', '.join(keys)}"
    if mistake["type"] == "missing":
        return f"  {where}: this key is needed and was not given; add it"
    if mistake["type"] == "string_pattern_mismatch" and mistake["ctx"]["pattern"] in PATTERNS:
        return f"  {where} = {_shown(given)}: takes {PATTERNS[mistake['ctx']['pattern']]}"
    message = re.sub(r"^(Value error|Assertion failed), ", "", mistake["msg"])
    if mistake["type"] == "value_error" and not isinstance(given, (str, int, float, list)):
        return f"  {where + ': ' if where else ''}{message}"
    return f"  {where} = {_shown(given)}: {message}"


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _keys_at(location, model):
    """Keys allowed in the block at a location; names of a mapping (such as 1M) are skipped."""
    block, inside_mapping = model, False
    for part in location:
        if inside_mapping:
            inside_mapping = False
            continue
        field = block.model_fields.get(part)
        block = block_of(field.annotation) if field else None
        if block is None:
            return []
        inside_mapping = get_origin(field.annotation) is dict
    return list(block.model_fields)
