"""Block `structure`: local structure index and ion networks."""

from itertools import pairwise

from pydantic import Field, model_validator

from ionshift.config.base import Block, Count, NotNegative


class Structure(Block):
    lsi_edges_A2: list[NotNegative] = Field(
        [0.0, 0.1, 0.2, 0.8],
        min_length=2,
        description="Edges of the ranges of the local structure index, ascending.",
    )
    lsi_cutoff_offsets_A: list[float] = Field(
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
        200, ge=2, description="Draws of blocks of time, of nuclei and of replicas, for errors."
    )

    @model_validator(mode="after")
    def _ascending(self):
        edges = self.lsi_edges_A2
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError(f"lsi_edges_A2 = {edges} do not ascend; sort them, each once")
        return self
