"""Descriptors of an environment, by `descriptor.kind`."""

from ionshift.core.registry import Entry, Registry

DESCRIPTORS: Registry[Entry] = Registry(
    "descriptor.kind",
    Entry("lmbtr", "ionshift.descriptors.lmbtr:Lmbtr"),
    Entry("lmbtr_published", "ionshift.descriptors.lmbtr:Lmbtr"),
    Entry("soap", "ionshift.descriptors.soap:Soap"),
)
"""A descriptor is made from (config.Descriptor, species) and has describe(clusters)."""
