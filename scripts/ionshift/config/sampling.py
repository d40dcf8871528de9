"""Block `sampling`: which environments are labelled."""

from typing import Annotated

from pydantic import Field, model_validator

from ionshift.config.base import Block, Count, EachOnce, FileName, OneOf, Seed
from ionshift.config.registries.samplers import SAMPLERS


class Sampling(Block):
    frame_stride: Count = Field(1, description="Every n-th production frame is analysed.")
    n_clusters: int = Field(
        1, ge=0, description="Clusters a system to label freshly (shipped sets come on top)."
    )
    method: Annotated[str, OneOf(SAMPLERS)] = Field(
        "farthest_point",
        description="How clusters are chosen: at random, evenly over the SSIP/CIP/AGG/AGG+ "
        "classes and the nuclei in each, or farthest from each other in descriptor space.",
    )
    pool_size: Count = Field(
        200, description="Random environments a system among which the choice is made."
    )
    seed: Seed = Field(1, description="Seed of the choice.")
    chosen: Annotated[list[FileName], EachOnce] = Field(
        [],
        description="CSV files with environments to label besides (system, replica, frame, "
        "nucleus), "
        "one a round, as `ionshift labels next` writes them.",
    )

    @model_validator(mode="after")
    def _pool_holds_the_choice(self):
        if self.pool_size < self.n_clusters:
            raise ValueError(
                f"pool_size = {self.pool_size} is smaller than n_clusters = {self.n_clusters}; "
                "raise it"
            )
        return self
