"""Block `map`: environments on principal components."""

from pydantic import Field

from ionshift.config.base import Block, Count, Seed


class Map(Block):
    n_axes: int = Field(10, ge=3, description="Principal axes whose variance is tabulated.")
    n_points: Count = Field(2000, description="Environments a system drawn on the map.")
    n_structures: Count = Field(150, description="Clusters a system on the interactive page.")
    n_resamples: int = Field(
        200, ge=20, description="Draws of blocks of time, of nuclei and of replicas, for errors."
    )
    seed: Seed = Field(1, description="Seed of samples and draws.")
