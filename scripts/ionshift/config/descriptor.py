"""Block `descriptor`: what the model sees of an environment."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ionshift.config.base import Block, Count, NotNegative, OneOf, Positive
from ionshift.config.registries.descriptors import DESCRIPTORS


class Descriptor(Block):
    kind: Annotated[str, OneOf(DESCRIPTORS)] = Field(
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
    n_grid: int = Field(50, ge=2, le=10_000, description="Points of each grid.")
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
