"""Ways to choose environments to label, by `sampling.method`."""

from ionshift.core.registry import Entry, Registry

SAMPLERS: Registry[Entry] = Registry(
    "sampling.method",
    Entry("random", "ionshift.solvation.samplers.random:choose"),
    Entry("stratified", "ionshift.solvation.samplers.stratified:choose"),
    Entry("farthest_point", "ionshift.solvation.samplers.farthest_point:choose"),
)
"""A sampler is a function of (n, Pool, random generator) that returns n indices into the pool."""
