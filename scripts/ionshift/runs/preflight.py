"""Checks of a study against its files, before any job starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ionshift.config.registries.engines import ENGINES
from ionshift.core.errors import InputError
from ionshift.descriptors import settings as descriptor_settings
from ionshift.nmr import experiment
from ionshift.nmr.published_elf import read_published
from ionshift.potentials.timestep import check_timestep
from ionshift.runs import archived, feasible
from ionshift.solvation import sampling
from ionshift.systems import electrolyte, forcefield_checks, packing, starting_boxes

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy


def check(study: LiquidStudy) -> None:
    """Raise `InputError` if a file is missing or contradicts the configuration.

    Looks at templates, force field, packing, shipped label sets, environments named to be labelled,
    published factors, the measured series, at the cut-offs against half of each expected box
    edge, and at whether its numbers can be met. Archived predictions take the place of all but the
    measured series.
    """
    check_is_folder("results", Path("results") / study.study)
    if study.spectrum.experiment:
        experiment.read_series(study.spectrum.experiment)
    if study.inference.archive:
        results = Path("results") / study.study
        archived.check(Path(study.inference.archive), list(study.systems), results)
        return
    descriptor_settings.resolved(study.descriptor)
    _check_files(study)
    _check_chosen(study)
    _check_published(study.elf.published)
    _check_nucleus(study.electrolyte)
    _check_potential(study)
    _check_boxes(study)
    for name, system in study.systems.items():
        _check_cutoffs(study, name, system)
    if study.potential_training:
        _check_training(study)
    feasible.check(study)
    if study.geometry_optimization:
        _check_model("geometry_optimization.potential", study.geometry_optimization.potential)


def check_is_folder(key: str, folder: Path) -> Path:
    """The deepest part of a folder's path that is there; `InputError` if it is a file."""
    there = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not there.is_dir():
        raise InputError(f"{key} = '{folder}': {there} is a file, not a folder; move it away")
    return there


def notices(study: LiquidStudy) -> list[str]:
    """What is no mistake but should be known before a run, a list of sentences."""
    if study.inference.archive:
        return []
    compositions = {key: system.counts for key, system in _boxes(study).items()}
    return forcefield_checks.torsions_without_line(study.electrolyte, compositions)


def _boxes(study):
    """Every system with a box, by its key in the configuration."""
    boxes = _of(study.systems, "systems")
    if study.potential_training:
        boxes |= _of(study.potential_training.systems, "potential_training.systems")
    return boxes


def _of(systems, key):
    return {f"{key}.{name}": system for name, system in systems.items()}


def _check_boxes(study):
    """Templates and force field fit, no term is missing, and the boxes can be packed."""
    el, boxes = study.electrolyte, _boxes(study)
    for system in boxes.values():
        electrolyte.check(el, system)
    compositions = {key: system.counts for key, system in boxes.items()}
    forcefield_checks.check(el, compositions)
    training = study.potential_training
    engines = [study.md.engine, *([training.md.engine] if training else [])]
    if "gromacs" in [ENGINES.get(engine).force_field_engine for engine in engines]:
        forcefield_checks.check_gromacs(el, compositions)
    packing.check(el, boxes)
    starting_boxes.check(el, _of(study.systems, "systems"), study.md.replicas)
    if training and training.systems:
        of_training = _of(training.systems, "potential_training.systems")
        starting_boxes.check(el, of_training, training.md.replicas)


def _check_files(study):
    files = {
        f"electrolyte.species.{name}.template": species.template
        for name, species in study.electrolyte.species.items()
    }
    files["electrolyte.forcefield"] = study.electrolyte.forcefield
    files |= {f"elf.shipped[{i}]": path for i, path in enumerate(study.elf.shipped)}
    files |= {f"labelling.shipped[{i}]": path for i, path in enumerate(study.labelling.shipped)}
    references = study.labelling.reference_labels
    files |= {f"labelling.reference_labels[{i}]": path for i, path in enumerate(references)}
    files |= {f"sampling.chosen[{i}]": path for i, path in enumerate(study.sampling.chosen)}
    if study.elf.published:
        files["elf.published"] = study.elf.published
    for key, path in files.items():
        if not Path(path).is_file():
            raise InputError(
                f"{key} = '{path}': no such file; give a path relative to the repository's root"
            )


def _check_chosen(study):
    named = sampling.read_chosen(study.sampling.chosen)
    unknown = sorted(set(named["system"]) - set(study.systems))
    if unknown:
        raise InputError(
            f"sampling.chosen names environments of system '{unknown[0]}'; systems has "
            f"{', '.join(study.systems)}"
        )
    if not (study.labelling.shipped or study.sampling.n_clusters or len(named)):
        raise InputError(
            "nothing to train on: sampling.n_clusters = 0, sampling.chosen and labelling.shipped "
            "are empty; set one of them"
        )


def _check_potential(study):
    """The step is short enough, and the model is there unless the study itself makes it."""
    if not study.md.uses_potential:
        return
    check_timestep(study.potential_md, electrolyte.elements(study.electrolyte))
    made_here = [path for path in study.potential.files() if Path("results") in Path(path).parents]
    _check_model("potential", study.potential, made_here)


def _check_training(study):
    """The boxes of the training are large enough for their classical MD."""
    training = study.potential_training
    for name, system in (training.systems or study.systems).items():
        half_A = electrolyte.box_edge_A(study.electrolyte, system) / 2
        if training.md.cutoff_A > half_A:
            raise InputError(
                f"potential_training.md.cutoff_A = {training.md.cutoff_A:g} is beyond half the "
                f"training box {name} ({half_A:.2f} A); lower it or take more molecules"
            )


def _check_model(key, calculator, made_here=()):
    for path in calculator.files():
        if path not in made_here and not Path(path).is_file():
            raise InputError(
                f"{key}.model = '{calculator.model}': no such file; give a path relative to the "
                "repository's root"
            )


def _check_published(path):
    if path is None:
        return
    read_published(path)


def _check_nucleus(settings):
    cations = settings.names("cation")
    molecules = electrolyte.load_templates(settings)
    if not any(settings.nucleus in molecules[name].elements for name in cations):
        raise InputError(
            f"electrolyte.nucleus = '{settings.nucleus}': no cation ({', '.join(cations)}) has "
            "this element; name an element of a cation"
        )


def _check_cutoffs(study, name, system):
    half_A = electrolyte.box_edge_A(study.electrolyte, system) / 2
    cutoffs_A = {
        "md.cutoff_A": study.md.cutoff_A,
        "shell.cutoff_A": study.shell.cutoff_A or 0.0,
        "shell.rdf_max_A": study.shell.rdf_max_A,
        "shell.lsi_cutoff_A": study.shell.lsi_cutoff_A,
        "shell.lsi_cutoff_A + structure.lsi_cutoff_offsets_A": max(study.lsi_cutoffs_A()),
    }
    for key, value in cutoffs_A.items():
        if value > half_A:
            raise InputError(
                f"{key} = {value:g} is beyond half the box of system {name} ({half_A:.2f} A); "
                f"lower it or raise systems.{name}.counts"
            )
