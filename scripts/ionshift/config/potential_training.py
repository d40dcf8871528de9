"""Block `potential_training`: frames, labels, training and validation of a potential."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ionshift.config.base import (
    Block,
    Count,
    EachOnce,
    FileName,
    NotNegative,
    Positive,
    Seed,
    SystemName,
    Text,
    is_whole,
)
from ionshift.config.electrolyte import System
from ionshift.config.md import TrainingMD
from ionshift.config.potential import CoulombPrior
from ionshift.config.reference import Reference
from ionshift.config.registries.engines import classical


class PotentialFrames(Block):
    """Which periodic frames a potential learns."""

    n_frames: Count = Field(
        60, description="Frames of classical MD a training system, evenly over its replicas."
    )
    n_distorted: int = Field(
        20, ge=0, description="Copies of such frames, distorted: they teach walls and bonds."
    )
    rattle_A: NotNegative = Field(
        0.05, description="Standard deviation of the random displacement in a distorted copy."
    )
    strain: float = Field(
        0.03,
        ge=0,
        lt=0.2,
        description="Largest change of the box edge in a distorted copy, as a share; molecules "
        "keep their size.",
    )
    seed: Seed = Field(1, description="Seed of the distortions.")


class PotentialModel(Block):
    """The model of the potential and how it is trained."""

    backend: Literal["mace"] = Field("mace", description="Program that trains it (mace-torch).")
    committee_size: Count = Field(
        2, le=1000, description="Members: other weights, other validation frames."
    )
    channels: Count = Field(16, description="Channels of the messages.")
    max_L: int = Field(0, ge=0, le=3, description="Largest angular momentum of the messages.")
    max_ell: int = Field(2, ge=0, le=4, description="Largest one of the spherical harmonics.")
    correlation: int = Field(2, ge=1, le=4, description="Body order of a layer less one.")
    n_layers: Count = Field(2, description="Message-passing layers.")
    n_radial: Count = Field(8, description="Radial functions.")
    cutoff_A: Positive = Field(4.5, description="Cut-off of a layer.")
    repulsion: bool = Field(
        True, description="Add the ZBL screened nuclear repulsion: a wall where no frame reaches."
    )
    energy_weight: Positive = Field(10.0, description="Weight of energies per atom in the loss.")
    forces_weight: Positive = Field(100.0, description="Weight of forces in the loss.")
    stress_weight: NotNegative = Field(
        10.0, description="Weight of the stress in the loss; 0 leaves it out (no NPT then)."
    )
    batch_size: Count = Field(4, description="Frames a step.")
    learning_rate: Positive = Field(0.01, description="First step of AMSGrad.")
    max_epochs: Count = Field(100, description="Epochs at most.")
    patience: Count = Field(25, description="Epochs without a better validation loss to wait.")
    test_share: float = Field(0.2, gt=0, lt=1, description="Share of groups held out for the test.")
    valid_share: float = Field(
        0.1, gt=0, lt=1, description="Share of the other groups that stop a member's training."
    )
    group_ps: Positive = Field(
        10.0, description="Frames of one replica within this time stay in one group."
    )
    learning_shares: Annotated[list[Annotated[float, Field(gt=0, lt=1)]], EachOnce] = Field(
        [], description="Shares of the training frames of further trainings: the learning curve."
    )
    isolated_atoms: Literal["average", "computed"] = Field(
        "average",
        description="Energies of single atoms: a fit to the frames' energies, which learns faster, "
        "or computed by the reference calculator, for molecules that dissociate.",
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="Where it is trained.")
    dtype: Literal["float32", "float64"] = Field("float32", description="Numbers of the model.")
    threads: Count = Field(1, description="Threads of one training on the CPU.")
    seed: Seed = Field(1, description="Seed of split and weights.")

    @model_validator(mode="after")
    def _shares_have_names(self):
        if len(self.runs()) < self.committee_size + len(self.learning_shares):
            raise ValueError(
                f"learning_shares = {self.learning_shares} are equal to three decimals, by which "
                "trainings are named; drop one"
            )
        return self

    def runs(self) -> dict[str, tuple[int, float]]:
        """Name of every training to its member and its share of the training frames."""
        committee = {f"member{i}": (i, 1.0) for i in range(self.committee_size)}
        return committee | {f"share{1000 * s:04.0f}": (0, s) for s in self.learning_shares}


class PotentialValidation(Block):
    """What a potential must pass before its MD is used."""

    force_rmse_eV_A: Positive = Field(0.15, description="Largest force RMSE on held-out frames.")
    energy_rmse_meV: Positive = Field(
        5.0, description="Largest energy RMSE per atom on held-out frames."
    )
    nve_ps: Positive = Field(0.5, description="Length of the NVE run.")
    temperature_K: Positive = Field(298.15, description="Temperature at which it starts.")
    nve_timestep_fs: float = Field(0.5, gt=0, le=2, description="Its time step.")
    drift_meV_ps: Positive = Field(
        1.0, description="Largest drift of the total energy per atom in that run."
    )
    bond_stretch: float = Field(
        1.4,
        gt=1,
        description="Longest bond in that run, in units of its mean length in the frames.",
    )
    repulsion_from: Positive = Field(
        0.75,
        description="Scan of every pair of elements: start, in units of the sum of their covalent "
        "radii.",
    )
    repulsion_to: Positive = Field(0.5, description="End of that scan, in the same units.")
    repulsion_hole_eV: NotNegative = Field(
        0.05, description="Largest energy that a pair may gain on its way inwards in that scan."
    )
    md_npt_ps: NotNegative = Field(
        5.0,
        description="MD of the first training box with the potential: NPT before the production, "
        "whose second half gives the density; 0: no density check.",
    )
    md_ps: NotNegative = Field(
        10.0,
        description="Production of that MD, compared with the classical MD of the same box (a "
        "multiple of 0.1); 0: no such MD and neither check.",
    )
    density_percent: Positive = Field(
        10.0,
        description="Largest deviation from the density of the classical MD, which is no truth.",
    )
    first_peak_A: Positive = Field(
        0.2,
        description="Largest mean deviation of the first peaks of g(r) between nucleus and ligands "
        "from those of the classical MD.",
    )
    override: bool = Field(False, description="Use a potential that failed; the report says so.")

    @model_validator(mode="after")
    def _scan_goes_inwards(self):
        if self.repulsion_to >= self.repulsion_from:
            raise ValueError(
                f"repulsion_to = {self.repulsion_to:g} must be less than repulsion_from = "
                f"{self.repulsion_from:g}"
            )
        return self

    @model_validator(mode="after")
    def _whole_frames(self):
        if not is_whole(10 * self.md_ps):
            raise ValueError(f"md_ps = {self.md_ps:g} is not a multiple of 0.1; round it")
        return self

    def liquid(self) -> dict[str, Any]:
        """The settings of the MD and of its checks alone, as a dict."""
        return self.model_dump(mode="json", include=set(LIQUID_KEYS))


LIQUID_KEYS = ("md_npt_ps", "md_ps", "density_percent", "first_peak_A")
"""Settings of `PotentialValidation` that belong to its MD."""


class PotentialExploration(Block):
    """Rounds of active learning: MD with the potential, and labels where its members disagree."""

    rounds: int = Field(
        0,
        ge=0,
        le=1000,
        description="Rounds of MD, labels and training after the first training; 0: none.",
    )
    production_ps: Positive = Field(2.0, description="Length of the run of every box and round.")
    timestep_fs: float = Field(0.5, gt=0, le=2, description="Its time step.")
    temperature_K: Positive = Field(298.15, description="Its temperature, at constant volume.")
    frame_interval_ps: Positive = Field(0.02, description="Time between frames that are looked at.")
    deviation_low_eV_A: NotNegative = Field(
        0.3,
        description="The members' forces on the worst atom deviate by less: nothing to learn.",
    )
    deviation_high_eV_A: Positive = Field(
        2.0, description="They deviate by this or more: such a frame is not labelled."
    )
    n_frames: Count = Field(20, description="Frames labelled a box and round, at most.")
    converged_share: float = Field(
        0.95,
        gt=0,
        le=1,
        description="Stop criterion, reported: share of frames below `deviation_low_eV_A`.",
    )
    seed: Seed = Field(1, description="Seed of velocities and thermostat.")

    @model_validator(mode="after")
    def _window(self):
        if self.deviation_high_eV_A <= self.deviation_low_eV_A:
            raise ValueError(
                f"deviation_high_eV_A = {self.deviation_high_eV_A:g} must be more than "
                f"deviation_low_eV_A = {self.deviation_low_eV_A:g}"
            )
        return self

    @model_validator(mode="after")
    def _whole_steps(self):
        steps = 1000 * self.frame_interval_ps / self.timestep_fs
        if not is_whole(steps) or steps < 1:
            raise ValueError(
                f"frame_interval_ps = {self.frame_interval_ps:g} is not a whole number of time "
                f"steps, timestep_fs = {self.timestep_fs:g}"
            )
        if self.production_ps < self.frame_interval_ps:
            raise ValueError(
                f"production_ps = {self.production_ps:g} is shorter than frame_interval_ps = "
                f"{self.frame_interval_ps:g}: no frame would be looked at; lengthen it"
            )
        return self


class PotentialTraining(Block):
    """Frames, reference labels, training and validation of an interatomic potential."""

    systems: dict[SystemName, System] = Field(
        {},
        description="Boxes of the training, as in `systems` (100 to 150 atoms keep labels cheap); "
        "none: those of the study.",
    )
    md: TrainingMD = Field(TrainingMD(), description="Classical MD that gives the first frames.")
    frames: PotentialFrames = Field(PotentialFrames(), description="Frames to be labelled.")
    reference: Reference = Field(Reference(), description="The reference calculator.")
    store: FileName = Field(
        "results/reference_store", description="Folder of its labels, shared between studies."
    )
    cp2k_command: Text = Field("cp2k.psmp", description="How CP2K is started (mpirun ...).")
    shard_size: Count = Field(20, description="Frames a labelling job.")
    workers: Count = Field(1, description="Processes of one labelling job, one thread each.")
    max_memory_MB: Count = Field(2000, description="Memory of one worker, for the scheduler.")
    min_ok_share: float = Field(
        0.9, ge=0, le=1, description="Gate: the least share of frames with status ok."
    )
    prior: CoulombPrior | None = Field(
        None,
        description="Taken off the labels before the training; MD with the potential needs the "
        "same `potential.prior`.",
    )
    model: PotentialModel = Field(PotentialModel(), description="Model and training.")
    exploration: PotentialExploration = Field(
        PotentialExploration(), description="Rounds of active learning."
    )
    validation: PotentialValidation = Field(
        PotentialValidation(), description="What the trained potential must pass."
    )

    def n_shards(self, round_number: int = 0) -> int:
        """Labelling jobs a training system in a round; the first round labels classical frames."""
        n_frames = self.frames.n_frames + self.frames.n_distorted
        if round_number:
            n_frames = self.exploration.n_frames
        return -(-n_frames // self.shard_size)

    @model_validator(mode="after")
    def _committee_disagrees(self):
        if self.exploration.rounds and self.model.committee_size < 2:
            raise ValueError(
                f"exploration.rounds = {self.exploration.rounds} needs members that can disagree; "
                f"model.committee_size is {self.model.committee_size}, take 2 or more"
            )
        return self

    @model_validator(mode="after")
    def _classical_frames(self):
        if self.md.uses_potential:
            raise ValueError(
                f"md.engine = '{self.md.engine}': the first frames come from classical MD; take "
                f"{' or '.join(classical())}"
            )
        return self
