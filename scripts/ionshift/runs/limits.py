"""What a job may take: the minutes and the memory that a scheduler is asked for.

The speeds are the slowest ones measured (docs/scaling.md), the margins on top of them are wide:
a job that is too short is started again with more, one that is too long only queues longer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ionshift.config.electrolyte import System
from ionshift.config.potential_training import PotentialTraining
from ionshift.config.registries.engines import ENGINES
from ionshift.config.registries.references import REFERENCES
from ionshift.solvation import sampling
from ionshift.systems import electrolyte

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy

SNAKEMAKE_MB = 500
"""Memory of the Snakemake processes that wrap a job on a cluster."""
POTENTIAL_ATOM_STEP_S = {"emt": 2e-4, "tblite": 2e-2}
"""Seconds an atom and time step with a potential, on one CPU core."""
OTHER_POTENTIAL_ATOM_STEP_S = 6e-3
"""The same for learned potentials: MACE with 128 channels in double precision."""
LABEL_MINUTES = 2.0
"""A DFT label of the protocol `fast`, one process."""
OPTIMIZATION_ROUND_S = 60
"""Geometry optimization of a cluster with GFN1-xTB, one process."""
ENVIRONMENT_S = 2e-3
"""Descriptor and prediction of one environment."""
MARGIN = 3
LEAST_MINUTES = 30


def n_atoms(study: LiquidStudy, system: str) -> int:
    """Atoms in the box of the system with this name."""
    return n_atoms_of(study, study.systems[system])


def n_atoms_of(study: LiquidStudy, box: System) -> int:
    """Atoms in a box, a config.System."""
    molecules = electrolyte.load_templates(study.electrolyte)
    return sum(molecules[name].n_atoms * count for name, count in box.counts.items())


def n_nuclei(study: LiquidStudy, system: str) -> int:
    """Observed nuclei in a box: atoms of the cations."""
    molecules = electrolyte.load_templates(study.electrolyte)
    return sum(
        molecules[name].elements.count(study.electrolyte.nucleus) * count
        for name, count in study.systems[system].counts.items()
        if study.electrolyte.species[name].role == "cation"
    )


def n_environments(study: LiquidStudy, system: str) -> int:
    """Nuclei times analysed frames of all replicas."""
    frames = -(-study.md.n_frames // study.sampling.frame_stride)
    return n_nuclei(study, system) * frames * study.md.replicas


def n_labels(study: LiquidStudy) -> int:
    """Labels to be computed for all systems."""
    return sum(sampling.n_to_label(study.sampling, system) for system in study.systems)


def md_core_hours(study: LiquidStudy, system: str) -> float:
    """Core-hours of one replica at the slowest measured speed."""
    md = study.md
    equilibration_ps = md.npt_ps + md.anneal_ps + md.density_ps + md.nvt_ps
    if md.uses_potential:
        before_h = _force_field_core_hours(study, system, equilibration_ps)
        return before_h + _potential_core_hours(study, system)
    return _force_field_core_hours(study, system, equilibration_ps + md.production_ps)


def _force_field_core_hours(study, system, time_ps):
    engine = ENGINES.get(ENGINES.get(study.md.engine).force_field_engine)
    return 24 * n_atoms(study, system) * time_ps / 1000 / engine.atom_ns_per_day


def _potential_core_hours(study, system):
    own = study.potential_md
    # The first stage takes steps of half the length.
    time_ps = 2 * own.settle_ps + own.npt_ps + own.nvt_ps + study.md.production_ps
    seconds = POTENTIAL_ATOM_STEP_S.get(study.potential.kind, OTHER_POTENTIAL_ATOM_STEP_S)
    return n_atoms(study, system) * 1000 * time_ps / own.timestep_fs * seconds / 3600


def md_MB(study: LiquidStudy) -> int:
    """Memory of one replica: learned potentials bring their library and their graphs."""
    return ENGINES.get(study.md.engine).memory_MB


def md_minutes(study: LiquidStudy, system: str) -> int:
    """Time limit of one replica."""
    return _with_margin(60 * md_core_hours(study, system) / study.md.threads)


def reading_minutes(study: LiquidStudy, system: str) -> int:
    """Time limit of a pass over the trajectories of a system."""
    return _with_margin(n_environments(study, system) * ENVIRONMENT_S / 60)


def sampling_minutes(study: LiquidStudy, system: str) -> int:
    """Time limit of the choice of clusters: one pass, and descriptors of the pool."""
    n_described = n_environments(study, system) + study.sampling.pool_size
    return _with_margin(n_described * ENVIRONMENT_S / 60)


def prediction_minutes(study: LiquidStudy, system: str) -> int:
    """Time limit of the prediction of a system: one pass, and its environments."""
    return 2 * reading_minutes(study, system)


def shard_minutes(study: LiquidStudy) -> int:
    """Time limit of one labelling shard."""
    rounds = -(-study.labelling.shard_size // study.labelling.workers)
    return _with_margin(rounds * LABEL_MINUTES)


def reference_minutes(training: PotentialTraining) -> int:
    """Time limit of one shard of frames; `training` is the block `potential_training`."""
    rounds = -(-training.shard_size // training.workers)
    return _with_margin(rounds * REFERENCES.get(training.reference.calculator).minutes)


def exploration_minutes(study: LiquidStudy) -> int:
    """Time limit of the MD of one training box in one round."""
    training = study.potential_training
    assert training is not None, "asked for by the rules of a training alone"
    own = training.exploration
    boxes = training.systems or study.systems
    steps = 1000 * own.production_ps / own.timestep_fs
    largest = max(n_atoms_of(study, box) for box in boxes.values())
    return _with_margin(largest * steps * OTHER_POTENTIAL_ATOM_STEP_S / 60)


def geometry_optimization_minutes(study: LiquidStudy, system: str) -> int:
    """Time limit of the geometry optimization of a system's clusters."""
    own = study.geometry_optimization
    assert own is not None, "asked for by the rules of a geometry optimization alone"
    rounds = -(-sampling.n_to_label(study.sampling, system) // own.workers)
    return _with_margin(rounds * OPTIMIZATION_ROUND_S / 60)


def training_minutes(study: LiquidStudy) -> int:
    """Time limit of the training."""
    return 120 + math.ceil(n_labels(study) / 50)


def training_MB(study: LiquidStudy) -> int:
    """Memory of the training."""
    return 2000 + math.ceil(n_labels(study) / 10)


def _with_margin(minutes):
    return max(LEAST_MINUTES, math.ceil(MARGIN * minutes))
