"""Force-field files of OpenMM, read safely: what passes here runs no code and hides no other file.

OpenMM executes the text of <Script> and <InitializationScript> and evaluates the attribute
useDispersionCorrection as Python (8.6.1, app/forcefield.py); energies of custom forces are parsed,
never executed. Its parser is that of the standard library, and so is this one: entities, which
could make it swell or read files, need a DOCTYPE. That is refused, so defusedxml adds nothing.
"""

import difflib
import io
import math
import re
import xml.etree.ElementTree as ElementTree  # nosec B405 # see above
from functools import cache
from pathlib import Path
from typing import Any

from openmm import app
from openmm.app import forcefield as openmm_parser

from ionshift.core.errors import InputError

KEY = "electrolyte.forcefield"
CODE = ("Script", "InitializationScript")
EVALUATED = "useDispersionCorrection"
WITHOUT_FORCES = ("Info", "AtomTypes", "Residues", "Patches")
_NUMBER = re.compile(r"charge|sigma|epsilon|mass|length|angle|k\d*|phase\d*|c[0-5]|\w+14scale")


def read_text(path: str | Path) -> str:
    """Text of a force-field file.

    Raises
    ------
    InputError
        if it cannot be read, is no XML in UTF-8, could execute code, includes another file, has
        an element that OpenMM would pass over in silence, or a number that is none.
    """
    return _checked(path)[0]


def parse(path: str | Path) -> ElementTree.Element:
    """Root element of a force-field file, not to be changed; raises as `read_text` does."""
    return _checked(path)[1]


def load(path: str | Path, text: str) -> app.ForceField:
    """OpenMM's force field of `text`, which came from `path` by `read_text`."""
    try:
        return app.ForceField(io.StringIO(text))
    except Exception as error:  # OpenMM raises bare exceptions and KeyError of attributes
        raise InputError(
            f"{KEY}: OpenMM cannot take {path} ({type(error).__name__}: {error}); correct the file"
        ) from error


def create_system(path: str | Path, text: str, topology: app.Topology, **options: Any) -> Any:
    """OpenMM System of a topology by the force field in `text`; residues are found by name.

    Raises
    ------
    InputError
        if the force field does not fit.
    """
    forcefield = load(path, text)
    templates = {residue: residue.name for residue in topology.residues()}
    try:
        return forcefield.createSystem(topology, residueTemplates=templates, **options)
    except Exception as error:  # see `load`
        raise InputError(f"{KEY}: {path} does not fit: {error}") from error


def _checked(path):
    path = Path(path)
    try:
        stat = path.stat()
        return _checked_version(path, stat.st_mtime_ns, stat.st_size)
    except FileNotFoundError:
        raise InputError(f"{KEY}: no file {path}; give an OpenMM XML file") from None
    except OSError as error:
        raise InputError(
            f"{KEY}: {path} cannot be read ({error.strerror}); give an OpenMM XML file"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"{KEY}: {path} is not UTF-8 text; save it as such") from None


@cache
def _checked_version(path, mtime_ns, size):
    text = path.read_bytes().decode("utf-8-sig")
    if "<!DOCTYPE" in text:
        raise InputError(f"{KEY}: {path} has a DOCTYPE, which is refused; remove it")
    try:
        root = ElementTree.fromstring(text)  # nosec B314 # without a DOCTYPE
    except ElementTree.ParseError as error:
        raise InputError(f"{KEY}: {path} is not XML ({error})") from error
    _refuse_code(path, root)
    _refuse_unknown(path, root)
    _check_numbers(path, root)
    return text, root


def _refuse_code(path, root):
    for element in root.iter():
        if element.tag in CODE:
            raise InputError(
                f"{KEY}: {path} has a <{element.tag}>, whose Python code OpenMM would execute; "
                "remove it, and write what it does as terms of the force field"
            )
        if element.tag == "Include":
            raise InputError(
                f"{KEY}: {path} includes {element.get('file')}, and a change there would go "
                "unnoticed; paste its content in place of the <Include>"
            )
        value = element.get(EVALUATED, "True")
        if value not in ("True", "False", "0", "1"):
            raise InputError(
                f"{KEY}: {path}: <{element.tag} {EVALUATED}='{value}'> would be evaluated as "
                "Python by OpenMM; write True or False"
            )


def _refuse_unknown(path, root):
    known = [*WITHOUT_FORCES, *openmm_parser.parsers]
    for element in root:
        if element.tag not in known:
            close = difflib.get_close_matches(element.tag, known, n=1)
            hint = f" (did you mean <{close[0]}>?)" if close else ""
            raise InputError(
                f"{KEY}: {path} has a <{element.tag}>, which OpenMM does not know{hint} and would "
                "pass over; correct or remove it"
            )


def _check_numbers(path, root):
    for element in root.iter():
        for key, value in element.attrib.items():
            if _NUMBER.fullmatch(key) and not _is_number(value):
                others = " ".join(f"{k}='{v}'" for k, v in element.attrib.items() if k != key)
                raise InputError(
                    f"{KEY}: {path}: {key}='{value}' of <{element.tag} {others}> is not a finite "
                    "number; correct it"
                )


def _is_number(value):
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
