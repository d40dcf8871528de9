"""The settings of a geometry optimization that change a geometry."""

from typing import Any

from ionshift.config.geometry_optimization import GeometryOptimization

HOW_IT_RUNS = {"shieldings", "workers", "max_memory_MB", "store"}


def effective(settings: GeometryOptimization) -> dict[str, Any]:
    """All settings but those that say how it runs; they are part of every cluster's key."""
    return settings.model_dump(mode="json", exclude=HOW_IT_RUNS | {"potential"}) | {
        "potential": settings.potential.model_dump(mode="json", exclude={"device"})
    }
