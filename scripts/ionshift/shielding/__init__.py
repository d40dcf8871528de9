"""DFT labels: GIAO shieldings and electric field gradients of one nucleus of a cluster."""

from ionshift.shielding.engine import compute, next_recipe

__all__ = ["compute", "next_recipe"]
