"""Blocks `md` and `potential_md`: molecular dynamics."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ionshift.config.base import (
    Block,
    Count,
    NotNegative,
    OneOf,
    Positive,
    is_whole,
    whole_number,
)
from ionshift.config.registries.engines import ENGINES


class MD(Block):
    engine: Annotated[str, OneOf(ENGINES)] = Field(
        "openmm",
        description="openmm, gromacs: the force field, by either program; potential: the block "
        "`potential`, from a box that OpenMM has equilibrated with the force field.",
    )
    platform: Literal["auto", "CPU", "CUDA", "OpenCL"] = Field(
        "CPU", description="OpenMM platform (`auto`: the fastest one present)."
    )
    deterministic: bool = Field(
        True,
        description="Runs of one seed on one machine and number of threads, unbroken or resumed, "
        "are equal bit for bit (DeterministicForces of OpenMM, not on OpenCL; -reprod of GROMACS).",
    )
    threads: Count = Field(1, description="Threads of one MD job.")
    replicas: Count = Field(1, le=1000, description="Independent boxes a system, by seed.")
    temperature_K: Positive = Field(298.15, description="Temperature of the production run.")
    pressure_bar: float = Field(1.0, description="Pressure of the NPT stages.")
    timestep_fs: float = Field(
        4.0, gt=0, le=5, description="Time step with the force field; bonds to H constrained."
    )
    hydrogen_mass_amu: float | None = Field(
        3.0, ge=1, le=4, description="Hydrogen mass after repartitioning; null leaves masses alone."
    )
    cutoff_A: Positive = Field(9.0, description="Cut-off of Lennard-Jones and real-space Coulomb.")
    npt_ps: Positive = Field(20.0, description="First NPT stage at `temperature_K`.")
    anneal_K: Positive = Field(450.0, description="Temperature of the annealing stage.")
    anneal_ps: NotNegative = Field(40.0, description="Length of the annealing stage.")
    density_ps: Positive = Field(
        40.0, description="NPT stage after annealing; its second half sets the density."
    )
    nvt_ps: Positive = Field(20.0, description="NVT equilibration before production.")
    production_ps: Positive = Field(100.0, description="NVT production that is analysed.")
    frame_interval_ps: Positive = Field(1.0, description="Time between stored production frames.")
    checkpoint_interval_ps: Positive = Field(
        10.0, description="A killed run loses at most this much of production."
    )

    @model_validator(mode="after")
    def _whole_frames(self):
        steps = 1000 * self.frame_interval_ps / self.timestep_fs
        if not self.uses_potential and not is_whole(steps):
            raise ValueError(
                f"frame_interval_ps = {self.frame_interval_ps:g} is not a whole number of time "
                f"steps, timestep_fs = {self.timestep_fs:g}"
            )
        whole_number("production_ps", self.production_ps, "frame_interval_ps", self)
        whole_number(
            "checkpoint_interval_ps", self.checkpoint_interval_ps, "frame_interval_ps", self
        )
        return self

    @property
    def uses_potential(self) -> bool:
        """Whether the engine runs the block `potential` after the force field."""
        return ENGINES.get(self.engine).uses_potential

    @property
    def n_frames(self) -> int:
        """Production frames a replica."""
        return round(self.production_ps / self.frame_interval_ps)


class PotentialMD(Block):
    """How a run goes on with a potential after the stages of the force field."""

    timestep_fs: float = Field(
        0.5, gt=0, le=2, description="Time step; no bond is constrained (at most 1 with light H)."
    )
    hydrogen_mass_amu: float | None = Field(
        None,
        ge=1,
        le=4,
        description="Hydrogen mass after repartitioning; null leaves masses alone.",
    )
    relax_steps: int = Field(
        20, ge=0, description="Steps of relaxation at the hand-over, to release strained bonds."
    )
    settle_ps: Positive = Field(
        0.5, description="NVT with half the step and strong friction, after the hand-over."
    )
    npt_ps: NotNegative = Field(
        5.0, description="NPT; its second half sets the density. 0 keeps the force field's density."
    )
    nvt_ps: Positive = Field(2.0, description="NVT equilibration before production.")
    largest_bond_factor: float | None = Field(
        1.5,
        gt=1,
        description="A covalent bond longer than this many times the force field's length stops "
        "the run; null lets bonds break.",
    )
    energy_window_kJ_mol_atom: Positive = Field(
        25.0,
        description="The run stops when the potential energy an atom leaves its value at the last "
        "checkpoint by more than this.",
    )


class TrainingMD(MD):
    """MD of small boxes: keys as in `md`, other defaults."""

    cutoff_A: Positive = Field(
        4.5, description="Cut-off of Lennard-Jones and Coulomb; 100 atoms allow 5 A."
    )
    timestep_fs: float = Field(2.0, gt=0, le=5, description="Time step; bonds to H constrained.")
    hydrogen_mass_amu: float | None = Field(
        None,
        ge=1,
        le=4,
        description="Hydrogen mass after repartitioning; null leaves masses alone.",
    )
