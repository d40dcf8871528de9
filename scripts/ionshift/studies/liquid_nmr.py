"""Kind `liquid_nmr`: dynamic NMR of a liquid electrolyte at several compositions."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from ionshift.config.base import SystemName, closest, is_whole
from ionshift.config.descriptor import Descriptor
from ionshift.config.dynamics import Dynamics
from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.elf import Elf
from ionshift.config.geometry_optimization import GeometryOptimization
from ionshift.config.inference import Inference
from ionshift.config.labelling import Labelling
from ionshift.config.map import Map
from ionshift.config.md import MD, PotentialMD
from ionshift.config.model import Model
from ionshift.config.potential import Potential
from ionshift.config.potential_training import PotentialTraining
from ionshift.config.sampling import Sampling
from ionshift.config.shell import Shell
from ionshift.config.spectrum import Spectrum
from ionshift.config.structure import Structure
from ionshift.config.study import StudyBase
from ionshift.core import provenance
from ionshift.runs import archive, before_run, preflight
from ionshift.studies.registry import Kind, Summary


class Study(StudyBase):
    """One study. `systems` are the compositions compared in it."""

    kind: Literal["liquid_nmr"] = Field("liquid_nmr", description="Kind of study.")
    electrolyte: Electrolyte = Field(description="The species and their force field.")
    systems: dict[SystemName, System] = Field(
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
    geometry_optimization: GeometryOptimization | None = Field(
        None, description="Geometry optimization of the chosen clusters; null: none is optimized."
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

    @model_validator(mode="after")
    def _consistent(self):
        _check_roles(self.electrolyte)
        _check_lsi_cutoffs(self)
        for name, system in self.systems.items():
            _check_composition(f"systems.{name}", system, self.electrolyte)
        if self.potential_training:
            _check_training(self)
        if self.geometry_optimization:
            _check_geometry_optimization(self)
        _check_folders(self)
        _check_label_sets(self.labelling)
        _check_viscosities(self.dynamics.viscosity_mPa_s, self.systems)
        if self.md.uses_potential:
            _check_potential_frames(self.md, self.potential_md)
        return self

    def lsi_cutoffs_A(self) -> list[float]:
        """The cut-offs at which the local structure index is compared, ascending."""
        offsets = self.structure.lsi_cutoff_offsets_A
        return sorted({round(self.shell.lsi_cutoff_A + offset, 6) for offset in offsets})

    def systems_with_both(self) -> list[str]:
        """Systems whose box is run with the potential, and classically for its training.

        Boxes of the same contents, temperature and pressure: none without a training.
        """
        training = self.potential_training
        if training is None or not self.md.uses_potential:
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
            hint = closest(species, electrolyte.species)
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


def _trained_model(study):
    """Where the potential is that the study trains."""
    return f"results/{study.study}/potential/potential.model"


def _runs_with_trained(study):
    """Whether the study's MD is run with the potential that it trains."""
    if not (study.potential_training and study.md.uses_potential):
        return False
    return study.potential.model == _trained_model(study)


def _check_training(study):
    """Every training box is a composition, they hold every species, and priors agree."""
    trained = _trained_model(study)
    prior = study.potential_training.prior
    if study.potential.model == trained and study.potential.prior != prior:
        raise ValueError(
            f"potential.prior = {study.potential.prior} differs from potential_training.prior = "
            f"{prior}, without which {trained} is trained; make them the same"
        )
    if study.potential_training.reference.of_clusters:
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
    if study.md.uses_potential and study.potential.model == trained:
        asked["potential_md.npt_ps"] = study.potential_md.npt_ps
    calculator = training.reference.calculator
    reason = f"potential_training.reference.calculator = '{calculator}' labels clusters"
    for key, value in asked.items():
        if value:
            raise ValueError(f"{key} = {value:g}: {reason}, which have no stress; set it to 0")
    if training.prior:
        raise ValueError(
            f"potential_training.prior: {reason}, which have no Ewald sum; set it to null"
        )


def _check_geometry_optimization(study):
    """There are clusters to optimize, and labels of the MD's geometries stay among themselves."""
    if not (study.sampling.n_clusters or study.sampling.chosen):
        raise ValueError(
            "geometry_optimization: sampling.n_clusters = 0 and sampling.chosen is empty, so "
            "there is no "
            "cluster to optimize; choose some or set geometry_optimization: null"
        )
    if study.geometry_optimization.shieldings == "train" and study.labelling.shipped:
        raise ValueError(
            "geometry_optimization.shieldings = 'train': labelling.shipped holds labels of "
            "clusters that were "
            "not optimized, which must not be mixed with others; empty it or take compare"
        )


STORES = {
    "labelling.store": Labelling,
    "elf.store": Elf,
    "geometry_optimization.store": GeometryOptimization,
    "potential_training.store": PotentialTraining,
}
"""Key of a folder that studies share, to the block that has it."""


def _check_folders(study):
    """No store is the study's own folder, holds it, or would be its name by default."""
    own = Path("results") / study.study.casefold()
    for key, block in STORES.items():
        default = block.model_fields["store"].default
        chosen = getattr(getattr(study, key.partition(".")[0]), "store", default)
        for folder in {default, chosen}:
            path = Path(str(folder).casefold())
            if path == own or path in own.parents:
                raise ValueError(
                    f"study = '{study.study}': {own} is in the way of {key} = '{folder}'; take "
                    "another name or folder"
                )


def _check_label_sets(labelling):
    both = sorted(set(labelling.shipped) & set(labelling.reference_labels))
    if both:
        raise ValueError(
            f"labelling: '{both[0]}' is in shipped and in reference_labels; labels are either "
            "learned or corrected to, take it out of one"
        )


def _check_viscosities(viscosity_mPa_s, systems):
    for name in viscosity_mPa_s:
        if name not in systems:
            hint = closest(name, systems)
            raise ValueError(
                f"dynamics.viscosity_mPa_s: unknown system '{name}'{hint}; systems has "
                f"{', '.join(systems)}"
            )


def _check_potential_frames(md, potential_md):
    steps = 1000 * md.frame_interval_ps / potential_md.timestep_fs
    if not is_whole(steps):
        raise ValueError(
            f"md.frame_interval_ps = {md.frame_interval_ps:g} is not a whole number of time steps, "
            f"potential_md.timestep_fs = {potential_md.timestep_fs:g}"
        )


def stages(study: Study) -> list[str]:
    """Rule files of a study, in the order in which they are included."""
    training = study.potential_training
    wanted = {
        "liquid": True,
        "md": True,
        "sampling": True,
        "labelling": True,
        "geometry_optimization": study.geometry_optimization,
        "correction": study.labelling.reference_labels,
        "training": True,
        "inference": True,
        "analysis": True,
        "transport": True,
        "structure": True,
        "maps": True,
        "elf": True,
        "potential_training_common": training,
        "potential_training": training,
        "liquids": training and study.systems_with_both(),
        "archived": True,
    }
    return [name for name, needed in wanted.items() if needed]


def seeds(study: Study) -> dict[str, int]:
    """Seed of every MD run, by system/replica."""
    return {
        f"{system}/{replica}": provenance.derive_seed(study.seed, system, replica)
        for system in study.systems
        for replica in range(study.md.replicas)
    }


def summary_tables(study: Study) -> dict[str, str]:
    """Tables of the first page: archived predictions bring no labels, model or recorded costs."""
    always = ("shifts", "coordination", "speciation", "settling", "experiment")
    names = [*always, "exchange", "mean_error"]
    found = {}
    if not study.inference.archive:
        names.append("costs")
        found = {
            "labels": "labels/labels.parquet",
            "metrics": "model/metrics.csv",
            "learning_curve": "model/learning_curve.csv",
        }
        names += ["label_correction"] if study.labelling.reference_labels else []
        names += ["potential_validation"] if _runs_with_trained(study) else []
    return {name: f"tables/{name}.csv" for name in names} | found


def summary_settings(study: Study) -> dict[str, Any]:
    """What the first page says of the configuration."""
    training = study.potential_training if _runs_with_trained(study) else None
    return {
        "study": study.study,
        "nucleus": study.electrolyte.nucleus,
        "archive": study.inference.archive or "",
        "min_ok_share": study.labelling.min_ok_share,
        "replicas": study.md.replicas,
        "production_ps": study.md.production_ps,
        "exploration_rounds": training.exploration.rounds if training else None,
    }


KIND = Kind(
    study=Study,
    check=preflight.check,
    before_run=before_run.check,
    stages=stages,
    input_files=archive.input_files,
    seeds=seeds,
    notices=preflight.notices,
    summary=Summary(
        module="ionshift.studies.summaries.liquid_nmr",
        tables=summary_tables,
        settings=summary_settings,
        figures=("shifts", "speciation"),
    ),
)
