"""What every study has, whatever its kind."""

from pydantic import Field

from ionshift.config.base import Block, Name, Seed
from ionshift.config.figures import Figures


class StudyBase(Block):
    """Keys of every kind of study. A kind narrows `kind` to its name and adds its blocks."""

    study: Name = Field(description="Name of the study: results go to `results/{study}`.")
    kind: str = Field(description="Kind of study.")
    seed: Seed = Field(2025, description="Seed of boxes and velocities.")
    figures: Figures = Field(Figures(), description="Style of the figures.")
