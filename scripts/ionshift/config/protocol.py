"""How a shielding is computed: the protocols of `labelling`."""

from typing import Annotated, Literal

from pydantic import Field

from ionshift.config.base import Block, Count, EachOnce, Element, Positive, Text


class Protocol(Block):
    """How a shielding is computed. Its hash is part of every label's key."""

    functional: Text = Field("pbe", description="PySCF name of the functional, or hf.")
    basis_centre: Text = Field("def2-tzvp", description="Basis of the nucleus.")
    basis_near: Text = Field("def2-tzvp", description="Basis of `near_elements` near the nucleus.")
    basis_far: Text = Field("def2-svp", description="Basis of all other atoms.")
    near_elements: Annotated[list[Element], EachOnce] = Field(
        ["N", "O", "F"], description="Elements in the near zone."
    )
    near_cutoff_A: Positive = Field(2.7, description="Radius of the near zone.")
    auxbasis: Text | None = Field(None, description="Fitting basis; null chooses by functional.")
    grid_level: int = Field(1, ge=0, le=9, description="PySCF grid level.")
    scf_conv_tol: Positive = Field(1e-6, description="Energy convergence of the SCF in Ha.")
    cphf_tol: Positive = Field(1e-4, description="Relative residual of the CPHF equations.")
    max_scf_cycles: Count = Field(100, description="SCF cycles of each SCF recipe.")
    solvent_epsilon: float | None = Field(
        None,
        gt=1,
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
