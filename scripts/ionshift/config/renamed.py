"""Keys of earlier versions: what they are called now."""

RENAMED = {"relaxation": "geometry_optimization"}
"""Top-level key of a configuration to its present name."""
