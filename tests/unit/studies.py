"""Configurations with one mistake."""

import copy


def spoil(study, path, value):
    """A copy of `study` with `value` at the dotted `path`."""
    spoiled = copy.deepcopy(study)
    *parents, last = path.split(".")
    block = spoiled
    for key in parents:
        block = block.setdefault(key, {})
    block[last] = value
    return spoiled
