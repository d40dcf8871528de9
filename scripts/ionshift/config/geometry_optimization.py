"""Geometry optimization of the chosen clusters around the nucleus."""

from typing import Literal

from pydantic import Field, model_validator

from ionshift.config.base import Block, Count, FileName, Positive
from ionshift.config.potential import Calculator


class GeometryOptimization(Block):
    """Geometry optimization of the chosen clusters around the nucleus, in vacuum."""

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
        description="none: distances alone are compared; compare: the optimized clusters are "
        "labelled besides (twice the labels); train: the model learns them as well, each at its "
        "cluster's geometry in the MD (docs/geometry_optimization.md).",
    )
    workers: Count = Field(1, description="Processes of one job, one thread each.")
    max_memory_MB: Count = Field(1000, description="Memory of one worker, for the scheduler.")
    store: FileName = Field(
        "results/relaxation_store",
        description="Folder of optimized clusters, shared between studies.",
    )

    @model_validator(mode="after")
    def _charge_of_each_cluster(self):
        if "charge" in self.potential.options:
            raise ValueError(
                f"potential.options.charge = {self.potential.options['charge']}: every cluster "
                "brings its own charge; remove it"
            )
        return self
