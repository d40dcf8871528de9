"""Reading a configuration file: one reader for every command and for the workflow.

YAML alone would take the last of two equal keys, words such as `no` as keys that are not text, and
a few bytes that expand to gigabytes. All of it is refused here, with file and line.
"""

from pathlib import Path
from typing import Any

import yaml

from ionshift.core.errors import InputError

MOST_VALUES = 100_000
"""Values of a file with all its aliases written out; a study has some hundreds."""
DEEPEST = 50
"""Levels of a file; a study has five. libyaml crashes on tens of thousands."""
TEMPLATE_KEY = "__use_yte__"
"""Snakemake runs the Python expressions of a file with this key."""

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """PyYAML's safe loader; what it cannot make of a value is told with its line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                None, None, str(error), node.start_mark
            ) from None


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Keys and values of a YAML file.

    Raises
    ------
    InputError
        if the file cannot be read, is no YAML, names a key twice, has a key that is no text, does
        not begin with keys, or expands without end.
    """
    return _read(Path(path), _text(Path(path)))


def _text(path: Path) -> str:
    where = f"configuration {path}"
    if path.is_dir():
        raise InputError(f"{where} cannot be read: it is a folder; name the YAML file in it")
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{where}: no such file; give the path of a YAML file") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} cannot be read: byte {error.start} is no UTF-8; save the file as UTF-8"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{where} cannot be read ({error}); check its path and rights") from None


def _read(path: Path, text: str) -> dict[str, Any]:
    try:
        _check_depth(path, text)
        data = _construct(path, _Loader(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(
            f"configuration {path}{place} is not valid YAML: {_words(error)}; mind quotes, "
            "brackets, indentation (spaces, no tabs) and the space after a colon"
        ) from None
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise InputError(f"configuration {path} is not valid YAML: {said}") from None
    if not isinstance(data, dict):
        raise InputError(
            f"configuration {path}: expected keys and values, found {_kind(data)}; begin with "
            "'study: NAME'"
        )
    return data


def _check_depth(path: Path, text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise InputError(
                f"configuration {path}, line {event.start_mark.line + 1}: nested too deeply; a "
                "study has five levels"
            )


def _construct(path: Path, loader: Any) -> Any:
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _check_size(path, root)
        _check_keys(path, root)
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _words(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)


def _kind(data: Any) -> str:
    if data is None:
        return "nothing"
    return "a list" if isinstance(data, list) else f"one value, {str(data)[:40]!r}"


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _check_size(path: Path, root: yaml.Node) -> None:
    """Refuse a file whose aliases refer to themselves or multiply what is written."""
    sizes: dict[int, int | None] = {}

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node), 0)
        if known is None:
            raise InputError(
                f"configuration {path}, line {node.start_mark.line + 1}: an alias refers to what "
                "holds it; write the value out"
            )
        if not known:
            sizes[id(node)] = None
            known = 1 + sum(size(child) for child in _children(node))
            sizes[id(node)] = known
        return known

    if size(root) > MOST_VALUES:
        raise InputError(
            f"configuration {path}: its aliases expand to more than {MOST_VALUES} values; write "
            "them out"
        )


def _check_keys(path: Path, root: yaml.Node) -> None:
    seen: set[int] = set()

    def check(node: yaml.Node, name: str) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _check_mapping(path, node, name)
            for key, value in node.value:
                check(value, _below(name, key))
        else:
            for number, child in enumerate(_children(node)):
                check(child, f"{name}[{number}]")

    check(root, "")


def _below(name: str, key: yaml.Node) -> str:
    return f"{name}.{key.value}" if name else str(key.value)


def _check_mapping(path: Path, node: yaml.MappingNode, name: str) -> None:
    first: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        where = f"configuration {path}, line {line}"
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if key.tag != "tag:yaml.org,2002:str":
            said = key.value if isinstance(key, yaml.ScalarNode) else "a list or a block"
            inside = f" in {name}" if name else ""
            raise InputError(
                f"{where}: the key {said}{inside} is read as {key.tag.rpartition(':')[2]}, not as "
                f"text; put it in quotes"
            )
        if key.value == TEMPLATE_KEY and not name:
            raise InputError(f"{where}: {TEMPLATE_KEY} would run code of the file; remove it")
        if key.value in first:
            raise InputError(
                f"configuration {path}: the key {_below(name, key)} stands twice, in line "
                f"{first[key.value]} and in line {line}; keep one of them"
            )
        first[key.value] = line
