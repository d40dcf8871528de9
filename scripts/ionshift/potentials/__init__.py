"""Interatomic potentials: calculators by family, behind one entry of the configuration."""
