"""Programs that jobs start: are they on the PATH before the first job?"""

import shlex
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ionshift.config.registries.engines import ENGINES
from ionshift.config.registries.references import REFERENCES
from ionshift.core.errors import InputError
from ionshift.systems import packing


@dataclass(frozen=True)
class Need:
    """A program that jobs of some rules start.

    reason : what of the study asks for it
    environment : file in envs/ that names its package; None where none does
    """

    program: str
    rules: tuple[str, ...]
    reason: str
    environment: str | None

    @property
    def complaint(self) -> str:
        """That it is missing, and what to do."""
        source = f" (its package stands in envs/{self.environment})" if self.environment else ""
        return (
            f"{self.program} is not on the PATH and is needed by {self.reason}; install "
            f"it{source}, load its module, or change that"
        )


def needs(study: Any) -> list[Need]:
    """The programs of a study's rules, other than Python."""
    found = _of_packing("pack_box", study.systems, study.md.replicas)
    found += _of_engine("md.engine", study.md.engine, "run_md")
    training = study.potential_training
    if training:
        boxes = training.systems or study.systems
        found += _of_packing("pack_training_box", boxes, training.md.replicas)
        found += _of_engine("potential_training.md.engine", training.md.engine, "run_training_md")
        found += _of_reference(training)
    return found


def missing(study: Any, rules: Collection[str]) -> list[str]:
    """A sentence for each program that jobs of these rules need and that is not on the PATH."""
    return [
        need.complaint
        for need in needs(study)
        if set(need.rules) & set(rules) and shutil.which(need.program) is None
    ]


def check(study: Any, rules: Collection[str]) -> None:
    """Raise `InputError` if jobs of these rules need a program that is not on the PATH."""
    complaints = missing(study, rules)
    if complaints:
        raise InputError("\n".join(complaints))


def _of_packing(rule, systems, replicas):
    """What packs boxes, unless every replica of every system starts from a given one."""
    if all(len(system.starts) >= replicas for system in systems.values()):
        return []
    return [Need(packing.PROGRAM, (rule,), "the packing of boxes", "md.yaml")]


def _of_engine(key, name, rule):
    engine = ENGINES.get(name)
    return [
        Need(program, (rule,), f"{key} = '{name}'", engine.environment)
        for program in engine.executables
    ]


def _of_reference(training):
    calculator = REFERENCES.get(training.reference.calculator)
    if not calculator.executables:
        return []
    words = shlex.split(training.cp2k_command)
    programs = dict.fromkeys([words[0], *(w for w in words if w in calculator.executables)])
    reason = f"potential_training.cp2k_command = '{training.cp2k_command}'"
    return [Need(program, ("label_frames",), reason, None) for program in programs]
