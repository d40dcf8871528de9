"""What is checked before the first job and not in a dry run: it imports programs, and writes.

A functional, a basis or a colour map that does not exist would end the first label or the last
figure; a results folder that takes no files every job.
"""

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ionshift.config.base import closest
from ionshift.core.errors import InputError
from ionshift.dft import cp2k
from ionshift.runs.preflight import check_is_folder
from ionshift.systems import electrolyte


def check(study: Any) -> None:
    """Raise `InputError` for methods and colours that do not exist, and closed folders.

    PySCF is asked where it is installed: the environment that starts Snakemake need not have it.
    """
    check_folders(study)
    check_methods(study)


def check_folders(study: Any) -> None:
    """Results and stores can be written."""
    folders = {"results": Path("results") / study.study, "labelling.store": study.labelling.store}
    folders["elf.store"] = study.elf.store
    if study.geometry_optimization:
        folders["geometry_optimization.store"] = study.geometry_optimization.store
    if study.potential_training:
        folders["potential_training.store"] = study.potential_training.store
    for key, folder in folders.items():
        _check_writable(key, Path(folder))


def _check_writable(key: str, folder: Path) -> None:
    there = check_is_folder(key, folder)
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(
            f"{key} = '{folder}': {there} cannot be written; change its rights, or work in a "
            "folder of your own"
        )


def check_methods(study: Any) -> None:
    """Functionals, bases for the study's elements, colours."""
    _check_colours(study.figures)
    if study.inference.archive:
        return
    elements = electrolyte.elements(study.electrolyte)
    if study.potential_training:
        _check_cp2k(study.potential_training.reference)
    if not importlib.util.find_spec("pyscf"):
        print("functionals and bases are not checked: PySCF is not installed here", file=sys.stderr)
        return
    _check_protocol(study, elements)
    if study.potential_training:
        _check_reference(study.potential_training.reference, elements)


def _check_colours(figures: Any) -> None:
    if not importlib.util.find_spec("matplotlib"):
        return
    import matplotlib
    import matplotlib.colors

    name = figures.system_colormap
    if name not in matplotlib.colormaps:
        hint = closest(name, matplotlib.colormaps)
        raise InputError(
            f"figures.system_colormap = '{name}': matplotlib has no such colour map{hint}; take "
            "one of its reference page, such as viridis"
        )
    for label, colour in figures.class_colours.items():
        if not matplotlib.colors.is_color_like(colour):
            raise InputError(
                f"figures.class_colours.{label} = '{colour}' is no colour; take a name (tab:blue) "
                "or '#RRGGBB'"
            )


def _check_protocol(study: Any, elements: list[str]) -> None:
    from ionshift.dft import basis, engine

    name, protocol = study.labelling.protocol, study.labelling.chosen_protocol()
    key = f"labelling.protocols.{name}"
    try:
        exchange = engine.exchange_of(protocol.functional)
    except basis.UnusableCluster as error:
        raise InputError(f"{key}.functional: {error}; take a name of PySCF (libxc)") from None
    near = [element for element in elements if element in protocol.near_elements]
    observed = [study.electrolyte.nucleus]
    for part, needed in (("centre", observed), ("near", near), ("far", elements)):
        _check_basis(f"{key}.basis_{part}", getattr(protocol, f"basis_{part}"), needed)
    _check_basis(f"{key}.auxbasis", engine.auxiliary_basis(protocol, exchange), elements)


def _check_basis(key: str, name: str, elements: Iterable[str]) -> None:
    from ionshift.dft import basis

    for element in elements:
        try:
            basis.load_basis(name, element)
        except basis.UnusableCluster as error:
            raise InputError(f"{key}: {error}; take another basis") from None


def _check_cp2k(reference: Any) -> None:
    if reference.calculator != "cp2k" or reference.functional.upper() in cp2k.FUNCTIONALS:
        return
    hint = closest(reference.functional.upper(), cp2k.FUNCTIONALS)
    raise InputError(
        f"potential_training.reference.functional = '{reference.functional}': no name of CP2K "
        f"that stands for itself{hint}; take {', '.join(cp2k.FUNCTIONALS)}"
    )


def _check_reference(reference: Any, elements: list[str]) -> None:
    if reference.calculator != "pyscf":
        return
    from pyscf import dft, gto

    from ionshift.dft.basis import BASIS_ERRORS

    key = "potential_training.reference"
    try:
        dft.libxc.parse_xc(reference.functional)
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{key}.functional = '{reference.functional}' is not known ({error}); take a name of "
            "PySCF (libxc)"
        ) from None
    for element in elements:
        try:
            gto.basis.load(reference.gaussian_basis, element)
        except BASIS_ERRORS:
            raise InputError(
                f"{key}.gaussian_basis = '{reference.gaussian_basis}' is not known for element "
                f"{element}; take another basis"
            ) from None
