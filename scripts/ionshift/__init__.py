"""Dynamic NMR of electrolytes from first principles."""

__version__ = "0.2.0"
