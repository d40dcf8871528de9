"""The configuration of a study: one pydantic model, the only place where a default lives.

`load` reads a YAML file (or the mapping that Snakemake has read), checks it and returns a
`Study`. Every mistake becomes an `InputError` that names the key, what was given and what is
allowed. The JSON schema and `config/README.md` are generated from the same model by
`python -m ionshift.config_docs`.
"""

import difflib
import re
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, get_origin

import yaml
from ase.data import atomic_numbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ionshift.errors import InputError

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"


def _known_element(symbol: str) -> str:
    if symbol not in atomic_numbers or symbol == "X":
        raise ValueError(f"'{symbol}' is not a chemical element symbol (such as Li or O)")
    return symbol


Element = Annotated[str, AfterValidator(_known_element)]
Name = Annotated[str, Field(pattern=NAME)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Block(BaseModel):
    """A block of the configuration: unknown keys are errors, values are never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Species(Block):
    role: Literal["cation", "anion", "solvent"] = Field(
        description="What the species is; the cation's shell is what gets analysed."
    )
    charge: int = Field(description="Formal charge in e; the force field's charges must add up.")
    template: str = Field(
        description="PDB file with one molecule and CONECT records, relative to the repository."
    )


class Electrolyte(Block):
    species: dict[Name, Species] = Field(
        min_length=1, description="Residue name (as in template and force field) to species."
    )
    forcefield: str = Field(description="OpenMM force-field XML file, relative to the repository.")
    mixing: Literal["geometric", "lorentz-berthelot"] = Field(
        "geometric", description="Combination rule of sigma and epsilon."
    )
    ion_charge_scale: float = Field(
        0.8, gt=0, le=1, description="Factor on the charges of cations and anions in the MD."
    )
    nucleus: Element = Field("Li", description="Element of the observed nucleus, a cation's atom.")

    def names(self, role):
        """Names of the species with `role`, in the order of the file."""
        return [name for name, species in self.species.items() if species.role == role]


class System(Block):
    counts: dict[Name, Count] = Field(description="Molecules in the box by species.")
    density_g_cm3: Positive = Field(description="Density used to pack the box; NPT replaces it.")


class MD(Block):
    engine: Literal["openmm", "gromacs", "potential"] = Field(
        "openmm",
        description="openmm, gromacs: the force field, by either program; potential: the block "
        "`potential`, from a box that OpenMM has equilibrated with the force field.",
    )
    platform: Literal["auto", "CPU", "CUDA", "OpenCL"] = Field(
        "CPU", description="OpenMM platform (`auto`: the fastest one present)."
    )
    threads: Count = Field(1, description="Threads of one MD job.")
    replicas: Count = Field(1, description="Independent boxes a system, by seed.")
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
        if self.engine != "potential" and abs(steps - round(steps)) > 1e-6:
            raise ValueError(
                f"frame_interval_ps = {self.frame_interval_ps:g} is not a whole number of time "
                f"steps, timestep_fs = {self.timestep_fs:g}"
            )
        _whole_number("production_ps", self.production_ps, "frame_interval_ps", self)
        _whole_number(
            "checkpoint_interval_ps", self.checkpoint_interval_ps, "frame_interval_ps", self
        )
        return self

    @property
    def n_frames(self):
        """Production frames a replica."""
        return round(self.production_ps / self.frame_interval_ps)


def _whole_number(key, value, interval_key, block):
    ratio = value / getattr(block, interval_key)
    if round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-6:
        raise ValueError(
            f"{key} = {value:g} is not a whole multiple of {interval_key} = "
            f"{getattr(block, interval_key):g}"
        )


class CoulombPrior(Block):
    """Ions in a dielectric, whose Ewald sum a potential does not learn."""

    charges: dict[Element, Annotated[float, Field(allow_inf_nan=False)]] = Field(
        min_length=1, description="Charge in e by element; those that are not named have none."
    )
    permittivity: float = Field(
        1.0, ge=1, allow_inf_nan=False, description="Relative permittivity that screens them."
    )


class Calculator(Block):
    """An ASE calculator by family."""

    kind: Literal["mace", "deepmd", "nequip", "sevennet", "chgnet", "tblite", "emt", "python"] = (
        Field("tblite", description="Family of the potential; each has its environment file.")
    )
    model: str | None = Field(
        None,
        description="Model file, relative to the repository; for tblite the method (null: "
        "GFN1-xTB), for python a callable that returns an ASE calculator, as `package.module:name` "
        "or `path/to/file.py:name`; emt takes none.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where it is evaluated (`auto`: a GPU where there is one)."
    )
    dtype: Literal["float32", "float64"] = Field(
        "float64", description="Floating-point numbers of the model, where the family has both."
    )
    options: dict[str, bool | int | float | str] = Field(
        {}, description="Further keyword arguments of the family's calculator (MACE: head)."
    )

    @model_validator(mode="after")
    def _has_its_model(self):
        if self.kind == "tblite" and self.model not in (None, *TBLITE_METHODS):
            raise ValueError(
                f"model = '{self.model}' is no method of tblite; take {', '.join(TBLITE_METHODS)}"
            )
        if self.model is None and self.kind not in ("tblite", "emt"):
            raise ValueError(f"model is not given, kind {self.kind} needs {MODEL[self.kind]}")
        if self.model is not None and self.kind == "emt":
            raise ValueError(f"model = '{self.model}': kind emt takes none; remove it")
        return self

    def files(self):
        """The model file in a list; empty for a potential that is read from no file."""
        if self.kind in ("tblite", "emt"):
            return []
        if self.kind == "python":
            source = self.model.rpartition(":")[0]
            return [source] if source.endswith(".py") else []
        return [self.model]


class Potential(Calculator):
    """An interatomic potential behind an ASE calculator, for `md.engine: potential`."""

    prior: CoulombPrior | None = Field(
        None, description="Coulomb prior that the potential was trained without: added to it."
    )


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


MODEL = {
    "mace": "a .model file of mace_run_train",
    "deepmd": "a frozen model (.pth or .pb)",
    "nequip": "a model compiled by nequip-compile (--target ase)",
    "sevennet": "a checkpoint (.pth)",
    "chgnet": "a checkpoint (.pth.tar)",
    "python": "a callable as package.module:name or path/to/file.py:name",
}
"""What `potential.model` holds, by kind."""
TBLITE_METHODS = ("GFN1-xTB", "GFN2-xTB", "IPEA1-xTB")


class Reference(Block):
    """Where energies, forces and stresses of periodic frames come from."""

    calculator: Literal["tblite", "cp2k", "pyscf"] = Field(
        "tblite",
        description="tblite: xTB from PyPI; cp2k: DFT, CP2K must be on the PATH; pyscf: DFT of "
        "neutral clusters that are cut from the frames, without a stress.",
    )
    method: Literal["GFN1-xTB", "GFN2-xTB", "IPEA1-xTB"] = Field(
        "GFN1-xTB", description="Method (tblite)."
    )
    accuracy: Positive = Field(1.0, description="Thresholds, 1e-6 Ha times this (tblite).")
    electronic_temperature_K: Positive = Field(
        300.0, description="Fermi smearing of the orbitals (tblite)."
    )
    functional: str = Field(
        "PBE", description="Name of an XC_FUNCTIONAL section (cp2k), of a functional (pyscf)."
    )
    dispersion: Literal["DFTD3(BJ)", "DFTD3"] | None = Field(
        "DFTD3(BJ)",
        description="Dispersion correction of the functional (cp2k, pyscf); null: none.",
    )
    basis: str = Field("DZVP-MOLOPT-SR-GTH", description="Basis in BASIS_MOLOPT (cp2k).")
    pseudopotential: str = Field("GTH-PBE", description="Name in GTH_POTENTIALS (cp2k).")
    cutoff_Ry: Positive = Field(400.0, description="Cut-off of the finest grid (cp2k).")
    relative_cutoff_Ry: Positive = Field(50.0, description="Cut-off of a Gaussian (cp2k).")
    scf_conv: Positive = Field(1e-6, description="EPS_SCF (cp2k).")
    gaussian_basis: str = Field("def2-SVP", description="Basis of PySCF (pyscf).")
    grid_level: int = Field(3, ge=0, le=9, description="Integration grid of PySCF (pyscf).")
    cluster_atoms: Count = Field(
        60,
        description="Largest number of atoms in a cluster (pyscf): a cation, the nearest anions "
        "that make it neutral, and as many of the nearest solvents as there is room for.",
    )
    max_cycles: Count = Field(250, description="Most SCF cycles before a frame is unconverged.")

    def effective(self):
        """The settings that change a number, as a dict: those of the calculator in use."""
        keys = {"calculator", "max_cycles", *REFERENCE_KEYS[self.calculator]}
        return self.model_dump(mode="json", include=keys)


REFERENCE_KEYS = {
    "tblite": ("method", "accuracy", "electronic_temperature_K"),
    "cp2k": (
        "functional",
        "dispersion",
        "basis",
        "pseudopotential",
        "cutoff_Ry",
        "relative_cutoff_Ry",
        "scf_conv",
    ),
    "pyscf": ("functional", "dispersion", "gaussian_basis", "grid_level", "cluster_atoms"),
}
"""Settings of `Reference` that change the numbers of one calculator, not of every one."""


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
    seed: int = Field(1, ge=0, description="Seed of the distortions.")


class PotentialModel(Block):
    """The model of the potential and how it is trained."""

    backend: Literal["mace"] = Field("mace", description="Program that trains it (mace-torch).")
    committee_size: Count = Field(2, description="Members: other weights, other validation frames.")
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
    learning_shares: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
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
    seed: int = Field(1, ge=0, description="Seed of split and weights.")

    def runs(self):
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
        if abs(10 * self.md_ps - round(10 * self.md_ps)) > 1e-6:
            raise ValueError(f"md_ps = {self.md_ps:g} is not a multiple of 0.1; round it")
        return self

    def liquid(self):
        """The settings of the MD and of its checks alone, as a dict."""
        return self.model_dump(mode="json", include=set(LIQUID_KEYS))


LIQUID_KEYS = ("md_npt_ps", "md_ps", "density_percent", "first_peak_A")
"""Settings of `PotentialValidation` that belong to its MD."""


class PotentialExploration(Block):
    """Rounds of active learning: MD with the potential, and labels where its members disagree."""

    rounds: int = Field(
        0, ge=0, description="Rounds of MD, labels and training after the first training; 0: none."
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
    seed: int = Field(1, ge=0, description="Seed of velocities and thermostat.")

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
        if steps < 1 or abs(steps - round(steps)) > 1e-6:
            raise ValueError(
                f"frame_interval_ps = {self.frame_interval_ps:g} is not a whole number of time "
                f"steps, timestep_fs = {self.timestep_fs:g}"
            )
        return self


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


class PotentialTraining(Block):
    """Frames, reference labels, training and validation of an interatomic potential."""

    systems: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.]*$")], System] = Field(
        {},
        description="Boxes of the training, as in `systems` (100 to 150 atoms keep labels cheap); "
        "none: those of the study.",
    )
    md: TrainingMD = Field(TrainingMD(), description="Classical MD that gives the first frames.")
    frames: PotentialFrames = Field(PotentialFrames(), description="Frames to be labelled.")
    reference: Reference = Field(Reference(), description="The reference calculator.")
    store: str = Field(
        "results/reference_store", description="Folder of its labels, shared between studies."
    )
    cp2k_command: str = Field("cp2k.psmp", description="How CP2K is started (mpirun ...).")
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

    def n_shards(self, round_number=0):
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
        if self.md.engine not in ("openmm", "gromacs"):
            raise ValueError(
                f"md.engine = '{self.md.engine}': the first frames come from classical MD; take "
                "openmm or gromacs"
            )
        return self


class Shell(Block):
    ligand_elements: list[Element] = Field(
        ["O"], min_length=1, description="Elements that coordinate the nucleus."
    )
    cutoff_A: Positive | None = Field(
        None,
        description="First-shell cut-off; null takes the first minimum of the nucleus-ligand g(r) "
        "of the first system, as measured.",
    )
    rdf_max_A: Positive = Field(8.0, description="Range of the g(r) that is measured.")
    rdf_bin_A: Positive = Field(0.05, description="Bin width of the g(r).")
    lsi_cutoff_A: Positive = Field(
        3.7, description="Cut-off of the local structure index (the next distance closes the list)."
    )


class Sampling(Block):
    frame_stride: Count = Field(1, description="Every n-th production frame is analysed.")
    n_clusters: int = Field(
        1, ge=0, description="Clusters a system to label freshly (shipped sets come on top)."
    )
    method: Literal["random", "stratified", "farthest_point"] = Field(
        "farthest_point",
        description="How clusters are chosen: at random, evenly over the SSIP/CIP/AGG/AGG+ "
        "classes and the nuclei in each, or farthest from each other in descriptor space.",
    )
    pool_size: Count = Field(
        200, description="Random environments a system among which the choice is made."
    )
    seed: int = Field(1, ge=0, description="Seed of the choice.")
    chosen: list[str] = Field(
        [],
        description="CSV files with environments to label besides (system, replica, frame, li), "
        "one a round, as `make next-labels` writes them.",
    )

    @model_validator(mode="after")
    def _pool_holds_the_choice(self):
        if self.pool_size < self.n_clusters:
            raise ValueError(
                f"pool_size = {self.pool_size} is smaller than n_clusters = {self.n_clusters}; "
                "raise it"
            )
        return self


class Relaxation(Block):
    """Relaxation of the chosen clusters around the nucleus, in vacuum."""

    potential: Calculator = Field(
        Calculator(), description="What gives the forces; it must take charged clusters in vacuum."
    )
    radius_A: Positive = Field(
        3.6,
        description="Atoms within this distance of the nucleus move (3.6: the ligand atoms of Li "
        "and what is bonded to them); the others stay where the MD has them.",
    )
    fmax_eV_A: Positive = Field(0.05, description="Converged: no moving atom has a larger force.")
    max_steps: Count = Field(
        200,
        description="Steps at most; then the cluster is `unconverged` and its best geometry taken.",
    )
    shieldings: Literal["none", "compare", "train"] = Field(
        "compare",
        description="none: distances alone are compared; compare: the relaxed clusters are "
        "labelled besides (twice the labels); train: the model learns them as well, each at its "
        "cluster's geometry in the MD (docs/relaxation.md).",
    )
    workers: Count = Field(1, description="Processes of one job, one thread each.")
    max_memory_MB: Count = Field(1000, description="Memory of one worker, for the scheduler.")
    store: str = Field(
        "results/relaxation_store",
        description="Folder of relaxed clusters, shared between studies.",
    )

    @model_validator(mode="after")
    def _charge_of_each_cluster(self):
        if "charge" in self.potential.options:
            raise ValueError(
                f"potential.options.charge = {self.potential.options['charge']}: every cluster "
                "brings its own charge; remove it"
            )
        return self

    def effective(self):
        """The settings that change a geometry, as a dict."""
        how = {"shieldings", "workers", "max_memory_MB", "store"}
        return self.model_dump(mode="json", exclude=how | {"potential"}) | {
            "potential": self.potential.model_dump(mode="json", exclude={"device"})
        }


class Protocol(Block):
    """How a shielding is computed. Its hash is part of every label's key."""

    functional: str = Field("pbe", description="PySCF name of the functional, or hf.")
    basis_centre: str = Field("def2-tzvp", description="Basis of the nucleus.")
    basis_near: str = Field("def2-tzvp", description="Basis of `near_elements` near the nucleus.")
    basis_far: str = Field("def2-svp", description="Basis of all other atoms.")
    near_elements: list[Element] = Field(["N", "O", "F"], description="Elements in the near zone.")
    near_cutoff_A: Positive = Field(2.7, description="Radius of the near zone.")
    auxbasis: str | None = Field(None, description="Fitting basis; null chooses by functional.")
    grid_level: int = Field(1, ge=0, le=9, description="PySCF grid level.")
    scf_conv_tol: Positive = Field(1e-6, description="Energy convergence of the SCF in Ha.")
    cphf_tol: Positive = Field(1e-4, description="Relative residual of the CPHF equations.")
    max_scf_cycles: Count = Field(100, description="SCF cycles of each SCF recipe.")
    solvent_epsilon: float | None = Field(
        None,
        gt=1,
        allow_inf_nan=False,
        description="Relative permittivity of a continuum around the cluster; null: gas phase.",
    )
    solvent_model: Literal["IEF-PCM", "C-PCM"] = Field(
        "IEF-PCM", description="Polarisable continuum model, where `solvent_epsilon` is set."
    )


PROTOCOLS = {
    "fast": Protocol(),
    "reference": Protocol(
        functional="pbe0",
        basis_far="def2-svp",
        grid_level=3,
        scf_conv_tol=1e-9,
        cphf_tol=1e-6,
    ),
}


class Labelling(Block):
    protocol: str = Field("fast", description="A name: fast, reference or one of `protocols`.")
    protocols: dict[Name, Protocol] = Field({}, description="Protocols of your own, by name.")
    nuclei: list[Element] = Field(
        [],
        description="Elements whose nuclei, all of a cluster's, get their shielding in the same "
        "calculation: columns of the atoms in `labels.extxyz`. Their basis is the one of the zone "
        "they are in.",
    )
    shipped: list[str] = Field(
        [], description="Label sets (extxyz) to train on as well; looked up, never computed again."
    )
    reference_labels: list[str] = Field(
        [],
        description="Label sets (extxyz) of a dearer protocol: a straight line through the "
        "clusters that have labels of both corrects all labels before the training. None: no "
        "correction.",
    )
    shard_size: Count = Field(10, description="Clusters a labelling job.")
    workers: Count = Field(1, description="Processes of one labelling job, one thread each.")
    device: Literal["auto", "cpu", "gpu"] = Field(
        "cpu",
        description="Where the SCF of a label begins: gpu (with gpu4pyscf; not yet run on one by "
        "this project), cpu, or the GPU where there is one. Labels are the same.",
    )
    max_memory_MB: Count = Field(4500, description="Memory of one worker, for the scheduler.")
    store: str = Field(
        "results/label_store", description="Folder of the label store, shared between studies."
    )
    min_ok_share: float = Field(
        0.9, ge=0, le=1, description="Gate: the least share of labels with status ok."
    )

    @model_validator(mode="after")
    def _known_protocol(self):
        clash = sorted(set(PROTOCOLS) & set(self.protocols))
        if clash:
            raise ValueError(
                f"protocols: the name '{clash[0]}' belongs to a built-in protocol; choose another"
            )
        known = [*PROTOCOLS, *self.protocols]
        if self.protocol not in known:
            raise ValueError(f"protocol = '{self.protocol}' is not one of {', '.join(known)}")
        return self

    def chosen_protocol(self):
        """The `Protocol` that the key `protocol` names."""
        return {**PROTOCOLS, **self.protocols}[self.protocol]


class Descriptor(Block):
    kind: Literal["lmbtr", "lmbtr_published", "soap"] = Field(
        "lmbtr",
        description="LMBTR with the settings below, LMBTR with those of the published study "
        "(grids of 200 points, k3_sigma_deg 0.1), or SOAP.",
    )
    backend: Literal["numba", "dscribe"] = Field(
        "numba", description="LMBTR by the compiled kernel or by dscribe (equal, slower)."
    )
    k2_min_A: NotNegative = Field(0.0, description="Lower end of the distance grid.")
    k2_max_A: Positive = Field(6.0, description="Upper end of the distance grid.")
    k2_sigma_A: Positive = Field(0.1, description="Broadening of distances.")
    k3_min_deg: NotNegative = Field(0.0, description="Lower end of the angle grid.")
    k3_max_deg: Positive = Field(180.0, description="Upper end of the angle grid.")
    k3_sigma_deg: Positive = Field(5.0, description="Broadening of angles.")
    n_grid: int = Field(50, ge=2, description="Points of each grid.")
    weighting_scale_per_A: Positive = Field(0.5, description="Scale of the exponential weight.")
    weighting_threshold: float = Field(1e-3, gt=0, lt=1, description="Weights below are dropped.")
    soap_cutoff_A: float = Field(6.0, gt=1, description="Cut-off of SOAP.")
    soap_n_max: Count = Field(6, description="Radial functions of SOAP.")
    soap_l_max: int = Field(4, ge=0, le=20, description="Largest angular momentum of SOAP.")
    soap_sigma_A: Positive = Field(0.3, description="Width of SOAP's Gaussians.")
    normalise: bool = Field(
        True, description="Scale to unit length (LMBTR: the k2 and the k3 part, each)."
    )

    @model_validator(mode="after")
    def _ordered(self):
        for low, high in (("k2_min_A", "k2_max_A"), ("k3_min_deg", "k3_max_deg")):
            if getattr(self, low) >= getattr(self, high):
                raise ValueError(f"{high} must be larger than {low} = {getattr(self, low):g}")
        return self

    @model_validator(mode="after")
    def _published_is_published(self):
        for key, value in PUBLISHED_LMBTR.items():
            own = getattr(self, key)
            default = type(self).model_fields[key].default
            if self.kind == "lmbtr_published" and own not in (value, default):
                raise ValueError(
                    f"{key} = {own} differs from the published {value}; use kind: lmbtr"
                )
        return self

    def resolved(self):
        """The same descriptor with the settings that `lmbtr_published` stands for."""
        if self.kind != "lmbtr_published":
            return self
        return self.model_copy(update={"kind": "lmbtr", **PUBLISHED_LMBTR})

    def effective(self):
        """The settings that change a number, as a dict: those of the kind in use."""
        settings = self.resolved().model_dump(mode="json", exclude={"backend"})
        is_soap = settings["kind"] == "soap"
        shared = ("kind", "normalise")
        return {
            key: value
            for key, value in settings.items()
            if key in shared or key.startswith("soap_") == is_soap
        }


PUBLISHED_LMBTR = {
    "k2_min_A": 0.0,
    "k2_max_A": 6.0,
    "k2_sigma_A": 0.1,
    "k3_min_deg": 0.0,
    "k3_max_deg": 180.0,
    "k3_sigma_deg": 0.1,
    "n_grid": 200,
    "weighting_scale_per_A": 0.5,
    "weighting_threshold": 1e-3,
    "normalise": True,
}
"""From chenggroup/ai2-kit (feat/spectrum/lmbtr), the public code of the published study's group."""


class Model(Block):
    recipe: Literal["mlp", "krr", "published"] = Field(
        "mlp",
        description="mlp: small networks on principal components, stopped early; krr: kernel "
        "ridge regression; published: the network d-256-256-1 of the published study.",
    )
    committee_size: int = Field(8, ge=2, description="Members, each without another fold.")
    hidden: list[Count] = Field([64, 64], min_length=1, description="Hidden layers (mlp).")
    n_components: Count | None = Field(
        100,
        description="Principal components of the descriptor given to the network (mlp); null: all.",
    )
    learning_rate: Positive = Field(1e-3, description="Adam's step (mlp).")
    weight_decay: NotNegative = Field(1e-2, description="AdamW's decay (mlp).")
    batch_size: Count = Field(32, description="Rows a step (mlp).")
    max_epochs: Count = Field(1000, description="Epochs (published), or at most (mlp).")
    patience: Count = Field(
        100, description="Epochs without a better validation error to wait (mlp)."
    )
    test_share: float = Field(0.2, gt=0, lt=1, description="Share of groups held out for the test.")
    group_ps: Positive = Field(
        50.0, description="Environments of one replica within this time stay in one group."
    )
    target_rmse_ppm: Positive | None = Field(
        0.13,
        description="Wanted error: the learning curve is extended to the number of labels that "
        "would reach it (0.13: You et al., JACS 2025, 28,000 labels); null: not extended.",
    )
    seed: int = Field(1, ge=0, description="Seed of split, folds and weights.")


class Inference(Block):
    chunk_size: Count = Field(2000, description="Environments predicted at a time.")
    archive: str | None = Field(
        None,
        description="Results folder of another study whose predictions are taken in place of MD, "
        "labels and model (docs/archived_predictions.md); null: everything is computed.",
    )


class Spectrum(Block):
    reference_shielding_ppm: float | None = Field(
        None,
        description="sigma_ref of delta = sigma_ref - sigma; null takes the mean shielding of "
        "the training labels.",
    )
    larmor_MHz: Positive = Field(155.5, description="7Li Larmor frequency (155.5 MHz at 9.4 T).")
    t2_s: Positive = Field(0.05, description="Transverse relaxation time: width 1 / (pi T2).")
    range_ppm: tuple[float, float] | None = Field(
        None, description="Shift range of the distribution; null fits the data."
    )
    n_points: int = Field(801, ge=11, description="Points of each spectrum.")
    distribution_sigma_ppm: Positive = Field(0.05, description="Broadening of the distribution.")
    n_blocks: int = Field(5, ge=2, description="Time blocks a replica of the sampling error.")
    experiment: str | None = Field(
        None,
        description="CSV with a measured series to draw beside the computed changes of the shift "
        "(resources/reference/README.md); null: none.",
    )


class Dynamics(Block):
    frame_stride: Count = Field(
        1, description="Every n-th stored frame enters displacements and residence."
    )
    max_lag_share: float = Field(
        0.5, gt=0, lt=1, description="Longest lag, as a share of the shortest replica."
    )
    fit_share: tuple[float, float] = Field(
        (0.1, 0.3),
        description="Lags of the fit to the mean-square displacement, as shares of the shortest "
        "replica.",
    )
    slope_tolerance: Positive = Field(
        0.1,
        description="Largest deviation from 1 of the log-log slope in the fit's window; beyond it "
        "no diffusion coefficient is given.",
    )
    n_blocks: int = Field(
        3, ge=2, description="Time blocks a replica of the error of diffusion; they hold the fit."
    )
    viscosity_mPa_s: dict[str, Positive] = Field(
        {},
        description="Shear viscosity by system, for the finite-size correction; a system that is "
        "not named stays uncorrected.",
    )
    excursion_ps: NotNegative = Field(
        2.0, description="A ligand that comes back within this time has not left the shell."
    )

    @model_validator(mode="after")
    def _window_fits(self):
        start, end = self.fit_share
        if not 0 < start < end <= self.max_lag_share:
            raise ValueError(
                f"fit_share = [{start:g}, {end:g}] must rise and stay between 0 and "
                f"max_lag_share = {self.max_lag_share:g}"
            )
        if end >= 1 / self.n_blocks:
            raise ValueError(
                f"fit_share ends at {end:g}, which does not fit into a block of 1/{self.n_blocks} "
                "of the run; lower it or n_blocks"
            )
        return self


class Structure(Block):
    lsi_edges_A2: list[NotNegative] = Field(
        [0.0, 0.1, 0.2, 0.8],
        min_length=2,
        description="Edges of the ranges of the local structure index, ascending.",
    )
    lsi_cutoff_offsets_A: list[Annotated[float, Field(allow_inf_nan=False)]] = Field(
        [-0.6, -0.3, 0.0, 0.3, 0.6],
        min_length=1,
        description="Added to `shell.lsi_cutoff_A`: the cut-offs at which the index is compared.",
    )
    lsi_frame_stride: Count = Field(
        4, description="Every n-th analysed frame is taken for that comparison."
    )
    sample_size: Count = Field(300, description="Environments a system in the scatter plot.")
    histogram_bins: int = Field(40, ge=2, description="Bins of the shifts in a range of the index.")
    n_bootstrap: int = Field(
        200, ge=2, description="Draws of blocks of time, and of nuclei, for errors."
    )

    @model_validator(mode="after")
    def _ascending(self):
        edges = self.lsi_edges_A2
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError(f"lsi_edges_A2 = {edges} do not ascend; sort them, each once")
        return self


class Map(Block):
    n_axes: int = Field(10, ge=3, description="Principal axes whose variance is tabulated.")
    n_points: Count = Field(2000, description="Environments a system drawn on the map.")
    n_structures: Count = Field(150, description="Clusters a system on the interactive page.")
    n_resamples: int = Field(
        200, ge=20, description="Draws of blocks of time, and of nuclei, for errors."
    )
    seed: int = Field(1, ge=0, description="Seed of samples and draws.")


class Elf(Block):
    """The electron localization function around the nucleus."""

    n_clusters: int = Field(
        3, ge=0, description="Labelled clusters a system, evenly over the classes; 0: no ELF."
    )
    isovalue: float = Field(
        0.5, gt=0, lt=1, description="ELF of the surface that ends the core (axis ratio)."
    )
    radius_bohr: Positive = Field(0.8, description="Radius of the sphere (peak ratio).")
    other_isovalues: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.3, 0.4, 0.6, 0.7], description="Further isovalues of the table of sensitivities."
    )
    other_radii_bohr: list[Positive] = Field(
        [0.6, 0.7, 0.9, 1.0], description="Further radii of the table of sensitivities."
    )
    degree: Literal[11, 17, 23, 29, 35, 41, 47, 53, 59] = Field(
        41, description="Degree of the Lebedev grid of directions (41: 590 directions)."
    )
    published: str | None = Field(
        None, description="CSV with published factors to draw as a reference; null: none."
    )
    store: str = Field(
        "results/elf_store", description="Folder of finished ELF records, shared between studies."
    )

    def all_isovalues(self):
        """All isovalues that are measured, in order."""
        return sorted({self.isovalue, *self.other_isovalues})

    def all_radii_bohr(self):
        """All sphere radii that are measured, in order."""
        return sorted({self.radius_bohr, *self.other_radii_bohr})


class Figures(Block):
    width_mm: Positive = Field(85.0, description="Width of a figure: one journal column.")
    font_size_pt: Positive = Field(8.0, description="Base size of the text.")
    dpi: Count = Field(300, description="Resolution of the PNG.")
    class_colours: dict[Literal["SSIP", "CIP", "AGG", "AGG+"], str] = Field(
        {"SSIP": "#D55E00", "CIP": "#E69F00", "AGG": "#009E73", "AGG+": "#0072B2"},
        description="Colours of the solvation classes (Okabe-Ito, colour-blind safe).",
    )
    system_colormap: str = Field("viridis", description="Colour map of the concentrations.")


class Study(Block):
    """One study. `systems` are the compositions compared in it."""

    study: Name = Field(description="Name of the study: results go to `results/{study}`.")
    kind: Literal["liquid_nmr"] = Field("liquid_nmr", description="Kind of study.")
    seed: int = Field(2025, ge=0, description="Seed of boxes and velocities.")
    electrolyte: Electrolyte = Field(description="The species and their force field.")
    systems: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.]*$")], System] = Field(
        min_length=1, description="Name of a composition (such as 1M) to its contents."
    )
    md: MD = Field(MD(), description="Molecular dynamics.")
    potential: Potential = Field(
        Potential(), description="The interatomic potential of `md.engine: potential`."
    )
    potential_md: PotentialMD = Field(
        PotentialMD(), description="Molecular dynamics with that potential."
    )
    potential_training: PotentialTraining | None = Field(
        None, description="Training of such a potential; null: none is trained."
    )
    shell: Shell = Field(Shell(), description="The first solvation shell.")
    sampling: Sampling = Field(Sampling(), description="Which environments are labelled.")
    relaxation: Relaxation | None = Field(
        None, description="Relaxation of the chosen clusters; null: none is relaxed."
    )
    labelling: Labelling = Field(Labelling(), description="DFT shieldings.")
    descriptor: Descriptor = Field(Descriptor(), description="What the model sees of a cluster.")
    model: Model = Field(Model(), description="The learned shielding.")
    inference: Inference = Field(Inference(), description="Prediction along the trajectories.")
    spectrum: Spectrum = Field(Spectrum(), description="Spectra and means.")
    dynamics: Dynamics = Field(Dynamics(), description="Correlation functions of the liquid.")
    structure: Structure = Field(Structure(), description="Local structure and ion networks.")
    map: Map = Field(Map(), description="Map of environments on principal components.")
    elf: Elf = Field(Elf(), description="ELF around the nucleus: deformation factors.")
    figures: Figures = Field(Figures(), description="Style of the figures.")

    @model_validator(mode="after")
    def _consistent(self):
        _check_roles(self.electrolyte)
        _check_lsi_cutoffs(self)
        for name, system in self.systems.items():
            _check_composition(f"systems.{name}", system, self.electrolyte)
        if self.potential_training:
            _check_training(self)
        if self.relaxation:
            _check_relaxation(self)
        _check_viscosities(self.dynamics.viscosity_mPa_s, self.systems)
        if self.md.engine == "potential":
            _check_potential_frames(self.md, self.potential_md)
        return self

    def lsi_cutoffs_A(self):
        """The cut-offs at which the local structure index is compared, ascending."""
        offsets = self.structure.lsi_cutoff_offsets_A
        return sorted({round(self.shell.lsi_cutoff_A + offset, 6) for offset in offsets})

    def systems_with_both(self):
        """Systems whose box is run with the potential, and classically for its training.

        Boxes of the same contents, temperature and pressure: none without a training.
        """
        training = self.potential_training
        if training is None or self.md.engine != "potential":
            return []
        shared = ("temperature_K", "pressure_bar")
        if any(getattr(self.md, key) != getattr(training.md, key) for key in shared):
            return []
        boxes = training.systems or self.systems
        return [name for name, system in self.systems.items() if boxes.get(name) == system]


def _check_roles(electrolyte):
    for role in ("cation", "anion"):
        if not electrolyte.names(role):
            raise ValueError(f"electrolyte.species: no species has the role '{role}'; add one")


def _check_lsi_cutoffs(study):
    least = min(study.structure.lsi_cutoff_offsets_A)
    if study.shell.lsi_cutoff_A + least <= 0:
        raise ValueError(
            f"structure.lsi_cutoff_offsets_A: {least:g} leaves nothing of shell.lsi_cutoff_A = "
            f"{study.shell.lsi_cutoff_A:g}; raise it"
        )


def _check_composition(key, system, electrolyte):
    for species in system.counts:
        if species not in electrolyte.species:
            hint = _closest(species, electrolyte.species)
            raise ValueError(
                f"{key}.counts: unknown species '{species}'{hint}; "
                f"electrolyte.species has {', '.join(electrolyte.species)}"
            )
    total = sum(n * electrolyte.species[s].charge for s, n in system.counts.items())
    if total != 0:
        charges = ", ".join(
            f"{n} {s} ({electrolyte.species[s].charge:+d})" for s, n in system.counts.items()
        )
        raise ValueError(
            f"{key}.counts: the box is not neutral, {charges} add up to {total:+d} e; "
            "change the counts so that the charges cancel"
        )
    if not any(electrolyte.species[s].role == "cation" for s in system.counts):
        raise ValueError(f"{key}.counts: no cation in the box; add one")


def _check_training(study):
    """Every training box is a composition, they hold every species, and priors agree."""
    trained = f"results/{study.study}/potential/potential.model"
    prior = study.potential_training.prior
    if study.potential.model == trained and study.potential.prior != prior:
        raise ValueError(
            f"potential.prior = {study.potential.prior} differs from potential_training.prior = "
            f"{prior}, without which {trained} is trained; make them the same"
        )
    if study.potential_training.reference.calculator == "pyscf":
        _check_without_stress(study, trained)
    systems = study.potential_training.systems
    for name, system in systems.items():
        _check_composition(f"potential_training.systems.{name}", system, study.electrolyte)
    held = {species for system in (systems or study.systems).values() for species in system.counts}
    used = {species for system in study.systems.values() for species in system.counts}
    if used - held:
        raise ValueError(
            f"potential_training.systems: no box holds {', '.join(sorted(used - held))}, which the "
            "study's systems have; add a box with it"
        )


def _check_without_stress(study, trained):
    """Nothing asks for what labels of clusters do not have: a stress, a periodic box."""
    training = study.potential_training
    asked = {
        "potential_training.model.stress_weight": training.model.stress_weight,
        "potential_training.validation.md_npt_ps": training.validation.md_npt_ps,
    }
    if study.md.engine == "potential" and study.potential.model == trained:
        asked["potential_md.npt_ps"] = study.potential_md.npt_ps
    reason = "potential_training.reference.calculator = 'pyscf' labels clusters"
    for key, value in asked.items():
        if value:
            raise ValueError(f"{key} = {value:g}: {reason}, which have no stress; set it to 0")
    if training.prior:
        raise ValueError(
            f"potential_training.prior: {reason}, which have no Ewald sum; set it to null"
        )


def _check_relaxation(study):
    """There are clusters to relax, and labels of the MD's geometries are not mixed with others."""
    if not (study.sampling.n_clusters or study.sampling.chosen):
        raise ValueError(
            "relaxation: sampling.n_clusters = 0 and sampling.chosen is empty, so there is no "
            "cluster to relax; choose some or set relaxation: null"
        )
    if study.relaxation.shieldings == "train" and study.labelling.shipped:
        raise ValueError(
            "relaxation.shieldings = 'train': labelling.shipped holds labels of clusters that were "
            "not relaxed, which must not be mixed with others; empty it or take compare"
        )


def _check_viscosities(viscosity_mPa_s, systems):
    for name in viscosity_mPa_s:
        if name not in systems:
            hint = _closest(name, systems)
            raise ValueError(
                f"dynamics.viscosity_mPa_s: unknown system '{name}'{hint}; systems has "
                f"{', '.join(systems)}"
            )


def _check_potential_frames(md, potential_md):
    steps = 1000 * md.frame_interval_ps / potential_md.timestep_fs
    if abs(steps - round(steps)) > 1e-6:
        raise ValueError(
            f"md.frame_interval_ps = {md.frame_interval_ps:g} is not a whole number of time steps, "
            f"potential_md.timestep_fs = {potential_md.timestep_fs:g}"
        )


def _closest(word, known):
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{match[0]}'?)" if match else ""


def load(source):
    """Read and check a configuration.

    Parameters
    ----------
    source : path of a YAML file, or a mapping

    Raises
    ------
    InputError
        if the file cannot be read or any key is wrong; all mistakes are listed.
    """
    data = _read_yaml(source) if isinstance(source, (str, Path)) else source
    if not isinstance(data, dict):
        raise InputError(f"configuration {source}: expected keys and values, found {data!r}")
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise InputError(explain(error)) from None


def _read_yaml(path):
    try:
        return yaml.safe_load(Path(path).read_text())
    except FileNotFoundError:
        raise InputError(f"configuration {path}: no such file") from None
    except yaml.YAMLError as error:
        raise InputError(f"configuration {path} is not valid YAML: {error}") from None


def explain(error):
    """Turn pydantic's list of mistakes into lines that name key, value and remedy."""
    return "\n".join(
        ["The configuration has mistakes:", *(_explain_one(e) for e in error.errors())]
    )


def _explain_one(mistake):
    where = ".".join(str(part) for part in mistake["loc"])
    given = mistake.get("input")
    if mistake["type"] == "extra_forbidden":
        keys = _keys_at(mistake["loc"][:-1])
        hint = _closest(str(mistake["loc"][-1]), keys)
        return f"  {where} = {given!r}: unknown key{hint}; allowed here: {', '.join(keys)}"
    if mistake["type"] == "missing":
        return f"  {where}: this key is needed and was not given; add it"
    message = re.sub(r"^(Value error|Assertion failed), ", "", mistake["msg"])
    if mistake["type"] == "value_error" and not isinstance(given, (str, int, float)):
        return f"  {where + ': ' if where else ''}{message}"
    return f"  {where} = {given!r}: {message}"


def _keys_at(location):
    """Keys allowed in the block at a location; names of a mapping (such as 1M) are skipped."""
    block, inside_mapping = Study, False
    for part in location:
        if inside_mapping:
            inside_mapping = False
            continue
        field = block.model_fields.get(part)
        block = _block_of(field.annotation) if field else None
        if block is None:
            return []
        inside_mapping = get_origin(field.annotation) is dict
    return list(block.model_fields)


def _block_of(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _block_of(inner)
        if found:
            return found
    return None
