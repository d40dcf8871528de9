"""The reference calculator of a potential: energies, forces and stresses of frames."""

from typing import Annotated, Literal

from pydantic import Field

from ionshift.config.base import Block, Count, OneOf, Positive, Text
from ionshift.config.registries.references import REFERENCES


class Reference(Block):
    """Where energies, forces and stresses of periodic frames come from."""

    calculator: Annotated[str, OneOf(REFERENCES)] = Field(
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
    functional: Text = Field(
        "PBE", description="Name of an XC_FUNCTIONAL section (cp2k), of a functional (pyscf)."
    )
    dispersion: Literal["DFTD3(BJ)", "DFTD3"] | None = Field(
        "DFTD3(BJ)",
        description="Dispersion correction of the functional (cp2k, pyscf); null: none.",
    )
    basis: Text = Field("DZVP-MOLOPT-SR-GTH", description="Basis in BASIS_MOLOPT (cp2k).")
    pseudopotential: Text = Field("GTH-PBE", description="Name in GTH_POTENTIALS (cp2k).")
    cutoff_Ry: Positive = Field(400.0, description="Cut-off of the finest grid (cp2k).")
    relative_cutoff_Ry: Positive = Field(50.0, description="Cut-off of a Gaussian (cp2k).")
    scf_conv: Positive = Field(1e-6, description="EPS_SCF (cp2k).")
    gaussian_basis: Text = Field("def2-SVP", description="Basis of PySCF (pyscf).")
    grid_level: int = Field(3, ge=0, le=9, description="Integration grid of PySCF (pyscf).")
    cluster_atoms: Count = Field(
        60,
        description="Largest number of atoms in a cluster (pyscf): a cation, the nearest anions "
        "that make it neutral, and as many of the nearest solvents as there is room for.",
    )
    max_cycles: Count = Field(250, description="Most SCF cycles before a frame is unconverged.")

    @property
    def of_clusters(self) -> bool:
        """Whether the calculator labels clusters, not periodic frames."""
        return REFERENCES.get(self.calculator).of_clusters
