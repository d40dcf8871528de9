"""Block `elf`: the electron localization function around the nucleus."""

from typing import Annotated, Literal

from pydantic import Field

from ionshift.config.base import Block, EachOnce, FileName, Positive


class Elf(Block):
    """The electron localization function around the nucleus."""

    n_clusters: int = Field(
        3, ge=0, description="Labelled clusters a system, evenly over the classes; 0: no ELF."
    )
    isovalue: float = Field(
        0.5, gt=0, lt=1, description="ELF of the surface that ends the core (axis ratio)."
    )
    radius_bohr: Positive = Field(0.8, description="Radius of the sphere (peak ratio).")
    other_isovalues: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.3, 0.4, 0.6, 0.7], description="Further isovalues of the table of sensitivities."
    )
    other_radii_bohr: list[Positive] = Field(
        [0.6, 0.7, 0.9, 1.0], description="Further radii of the table of sensitivities."
    )
    degree: Literal[11, 17, 23, 29, 35, 41, 47, 53, 59] = Field(
        41, description="Degree of the Lebedev grid of directions (41: 590 directions)."
    )
    published: FileName | None = Field(
        None, description="CSV with published factors to draw as a reference; null: none."
    )
    shipped: Annotated[list[FileName], EachOnce] = Field(
        [],
        description="Sets of ELF records (parquet, made by `ionshift labels export-elf`); what is "
        "in them is not computed again.",
    )
    store: FileName = Field(
        "results/elf_store", description="Folder of finished ELF records, shared between studies."
    )

    def all_isovalues(self) -> list[float]:
        """All isovalues that are measured, in order."""
        return sorted({self.isovalue, *self.other_isovalues})

    def all_radii_bohr(self) -> list[float]:
        """All sphere radii that are measured, in order."""
        return sorted({self.radius_bohr, *self.other_radii_bohr})
