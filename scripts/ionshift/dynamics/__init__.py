"""Molecular dynamics: one protocol of stages, engines behind one small interface."""

from ionshift.dynamics.driver import run
from ionshift.dynamics.stages import SimulationError

__all__ = ["SimulationError", "run"]
