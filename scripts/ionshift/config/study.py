"""What every study has, whatever its kind."""

from typing import Any, Protocol

from pydantic import Field

from ionshift.config.base import Block, Name, Seed
from ionshift.config.descriptor import Descriptor
from ionshift.config.dynamics import Dynamics
from ionshift.config.electrolyte import Electrolyte, System
from ionshift.config.elf import Elf
from ionshift.config.figures import Figures
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


class StudyBase(Block):
    """Keys of every kind of study. A kind narrows `kind` to its name and adds its blocks."""

    study: Name = Field(description="Name of the study: results go to `results/{study}`.")
    kind: str = Field(description="Kind of study.")
    seed: Seed = Field(2025, description="Seed of boxes and velocities.")
    figures: Figures = Field(Figures(), description="Style of the figures.")


class LiquidStudy(Protocol):
    """What rooms below `studies` ask of a study of a liquid: its blocks."""

    @property
    def study(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def seed(self) -> int: ...

    @property
    def figures(self) -> Figures: ...

    @property
    def electrolyte(self) -> Electrolyte: ...

    @property
    def systems(self) -> dict[str, System]: ...

    @property
    def md(self) -> MD: ...

    @property
    def potential(self) -> Potential: ...

    @property
    def potential_md(self) -> PotentialMD: ...

    @property
    def potential_training(self) -> PotentialTraining | None: ...

    @property
    def shell(self) -> Shell: ...

    @property
    def sampling(self) -> Sampling: ...

    @property
    def geometry_optimization(self) -> GeometryOptimization | None: ...

    @property
    def labelling(self) -> Labelling: ...

    @property
    def descriptor(self) -> Descriptor: ...

    @property
    def model(self) -> Model: ...

    @property
    def inference(self) -> Inference: ...

    @property
    def spectrum(self) -> Spectrum: ...

    @property
    def dynamics(self) -> Dynamics: ...

    @property
    def structure(self) -> Structure: ...

    @property
    def map(self) -> Map: ...

    @property
    def elf(self) -> Elf: ...

    def model_dump(self, *, mode: str = ...) -> dict[str, Any]:
        """Its content, as pydantic writes it."""
