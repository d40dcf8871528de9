"""Ways to choose environments to label, by `sampling.method`."""

from ionshift.core.registry import Entry, Registry

SAMPLERS: Registry[Entry] = Registry(
    "sampling.method",
    Entry("random", "ionshift.solvation.sampling:random_members"),
    Entry("stratified", "ionshift.solvation.sampling:stratified"),
    Entry("farthest_point", "ionshift.solvation.sampling:farthest_point"),
)
"""A sampler is a function of (n, Pool, random generator) that returns n indices into the pool."""
