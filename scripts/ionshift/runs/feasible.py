"""Whether a study's numbers can be met: known from compositions and lengths before any job."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ionshift.core.errors import InputError
from ionshift.runs import limits
from ionshift.solvation import sampling
from ionshift.systems import electrolyte

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy

_ENTRY = re.compile(r"\b(system|source|replica|time_ps)=(\S+)")
FEWEST_FRAME_GROUPS = 3
"""Training, validation and test of a potential take one each."""


def check(study: LiquidStudy) -> None:
    """Raise `InputError` for what no run of this study can give.

    Elements that no species has, environments and frames that the MD is too short for, groups that
    are too few for the splits.
    """
    molecules = electrolyte.load_templates(study.electrolyte)
    _check_elements(study, molecules)
    for system in study.systems:
        _check_shell(study, system, molecules)
        _check_environments(study, system)
    _check_named(study, molecules)
    _check_groups(study)
    if study.potential_training:
        _check_training(study)


def _check_elements(study, molecules):
    """Every element that the configuration names is one of the electrolyte's."""
    present = {element for molecule in molecules.values() for element in molecule.elements}
    named = {
        "shell.ligand_elements": study.shell.ligand_elements,
        "labelling.nuclei": study.labelling.nuclei,
        "potential.prior.charges": study.potential.prior and study.potential.prior.charges,
    }
    if study.potential_training and study.potential_training.prior:
        named["potential_training.prior.charges"] = study.potential_training.prior.charges
    for key, elements in named.items():
        for element in elements or ():
            if element not in present:
                raise InputError(
                    f"{key}: no species of the electrolyte has the element {element}; take "
                    f"{', '.join(sorted(present))}"
                )


def _check_shell(study, system, molecules):
    """A box has a nucleus and something that can be a ligand."""
    species, wanted = study.systems[system].counts, study.shell.ligand_elements
    solvents_and_anions = [
        molecules[name] for name in species if study.electrolyte.species[name].role != "cation"
    ]
    if not any(set(wanted) & set(molecule.elements) for molecule in solvents_and_anions):
        raise InputError(
            f"shell.ligand_elements = {', '.join(wanted)}: no solvent or anion of system {system} "
            f"has it; name an element of {', '.join(m.name for m in solvents_and_anions) or 'one'}"
        )
    if not limits.n_nuclei(study, system):
        raise InputError(
            f"electrolyte.nucleus = '{study.electrolyte.nucleus}': none of it in system {system}; "
            f"add a cation with it to systems.{system}.counts"
        )


def _check_environments(study, system):
    available, wanted = limits.n_environments(study, system), study.sampling.n_clusters
    if wanted > available:
        raise InputError(
            f"sampling.n_clusters = {wanted} is more than the {available} environments of system "
            f"{system} (nuclei x replicas x analysed frames); lower it or sampling.frame_stride, "
            "or lengthen md.production_ps"
        )


def _check_named(study, molecules):
    """The MD will have the environments that `sampling.chosen` names."""
    for row in sampling.read_chosen(study.sampling.chosen).itertuples(index=False):
        limit = {
            "replica": (study.md.replicas, "md.replicas"),
            "frame": (study.md.n_frames, "frames of md.production_ps"),
            "nucleus": (limits.n_nuclei(study, row.system), f"{study.electrolyte.nucleus} atoms"),
        }
        for column, (count, words) in limit.items():
            if getattr(row, column) >= count:
                raise InputError(
                    f"sampling.chosen names {column} {getattr(row, column)} of system "
                    f"{row.system}, which has {count} ({words}), counted from 0; is the file of "
                    "another study?"
                )


# ------------------------------------------------------------- groups of the splits


def _check_groups(study):
    """A committee needs a group a member, and one more for the test."""
    model = study.model
    if _n_fresh_groups(study) > model.committee_size:
        return
    n_groups = _n_fresh_groups(study) + len(_shipped_groups(study))
    if n_groups <= model.committee_size:
        raise InputError(
            f"model.committee_size = {model.committee_size} needs as many groups of labels and one "
            f"more for the test, this study can have {n_groups}; lower it or model.group_ps = "
            f"{model.group_ps:g}, raise sampling.n_clusters, md.replicas or md.production_ps, or "
            "name label sets (labelling.shipped)"
        )


def _n_fresh_groups(study):
    """Groups that the study's own labels can have at most."""
    blocks = study.md.replicas * _n_blocks(study.md.production_ps, study.model.group_ps)
    labelled = (sampling.n_to_label(study.sampling, system) for system in study.systems)
    return sum(min(n, blocks) for n in labelled)


def _n_blocks(length_ps, group_ps):
    """Blocks of time that a run can touch."""
    return math.floor(min(length_ps / group_ps, 1e12)) + 1


def _shipped_groups(study):
    """Groups of the shipped label sets, from the lines that head their entries."""
    groups = set()
    for path in study.labelling.shipped:
        for line in Path(path).read_text(errors="replace").splitlines():
            if "time_ps=" in line:
                entry = dict(_ENTRY.findall(line))
                block = _block(entry.pop("time_ps"), study.model.group_ps)
                groups.add((*sorted(entry.items()), block))
    return groups


def _block(time_ps, group_ps):
    try:
        return float(time_ps) // group_ps
    except ValueError:
        return time_ps


def _check_training(study):
    """The classical MD of a potential's training gives the frames and groups that are asked for."""
    training = study.potential_training
    asked = {"n_frames": training.frames.n_frames, "n_distorted": training.frames.n_distorted}
    available = training.md.replicas * training.md.n_frames
    for key, value in asked.items():
        if value > available:
            raise InputError(
                f"potential_training.frames.{key} = {value}: the classical MD of a box gives "
                f"{available} frames; lower it or lengthen potential_training.md.production_ps"
            )
    boxes = len(training.systems or study.systems)
    blocks = _n_blocks(training.md.production_ps, training.model.group_ps)
    n_groups = boxes * min(sum(asked.values()), training.md.replicas * blocks)
    if n_groups < FEWEST_FRAME_GROUPS:
        raise InputError(
            f"potential_training.model.group_ps = {training.model.group_ps:g} leaves {n_groups} "
            f"groups of frames, the split needs {FEWEST_FRAME_GROUPS}; lower it or lengthen "
            "potential_training.md.production_ps"
        )
