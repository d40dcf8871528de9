"""Block `figures`: style of the figures."""

from typing import Literal

from pydantic import Field

from ionshift.config.base import Block, Count, Positive, Text


class Figures(Block):
    width_mm: Positive = Field(85.0, description="Width of a figure: one journal column.")
    font_size_pt: Positive = Field(8.0, description="Base size of the text.")
    dpi: Count = Field(300, description="Resolution of the PNG.")
    class_colours: dict[Literal["SSIP", "CIP", "AGG", "AGG+"], Text] = Field(
        {"SSIP": "#D55E00", "CIP": "#E69F00", "AGG": "#009E73", "AGG+": "#0072B2"},
        description="Colours of the solvation classes (Okabe-Ito, colour-blind safe).",
    )
    system_colormap: Text = Field("viridis", description="Colour map of the concentrations.")
