"""Block `labelling`: which labels are computed, how, and where they are kept."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ionshift.config.base import Block, Count, EachOnce, Element, FileName, Name
from ionshift.config.protocol import PROTOCOLS, Protocol


class Labelling(Block):
    protocol: str = Field("fast", description="A name: fast, reference or one of `protocols`.")
    protocols: dict[Name, Protocol] = Field({}, description="Protocols of your own, by name.")
    nuclei: Annotated[list[Element], EachOnce] = Field(
        [],
        description="Elements whose nuclei, all of a cluster's, get their shielding in the same "
        "calculation: columns of the atoms in `labels.extxyz`. Their basis is the one of the zone "
        "they are in.",
    )
    shipped: Annotated[list[FileName], EachOnce] = Field(
        [], description="Label sets (extxyz) to train on as well; looked up, never computed again."
    )
    reference_labels: Annotated[list[FileName], EachOnce] = Field(
        [],
        description="Label sets (extxyz) of a higher-level protocol: a straight line through the "
        "clusters that have labels of both corrects all labels before the training. None: no "
        "correction.",
    )
    shard_size: Count = Field(10, description="Clusters a labelling job.")
    workers: Count = Field(1, description="Processes of one labelling job, one thread each.")
    device: Literal["auto", "cpu", "gpu"] = Field(
        "cpu",
        description="Where the SCF of a label begins: gpu (with gpu4pyscf; not yet run on one by "
        "this project), cpu, or the GPU where there is one. Labels are the same.",
    )
    max_memory_MB: Count = Field(4500, description="Memory of one worker, for the scheduler.")
    store: FileName = Field(
        "results/label_store", description="Folder of the label store, shared between studies."
    )
    min_ok_share: float = Field(
        0.9, ge=0, le=1, description="Gate: the least share of labels with status ok."
    )

    @model_validator(mode="after")
    def _known_protocol(self):
        clash = sorted(set(PROTOCOLS) & set(self.protocols))
        if clash:
            raise ValueError(
                f"protocols: the name '{clash[0]}' belongs to a built-in protocol; choose another"
            )
        known = [*PROTOCOLS, *self.protocols]
        if self.protocol not in known:
            raise ValueError(f"protocol = '{self.protocol}' is not one of {', '.join(known)}")
        return self

    def chosen_protocol(self) -> Protocol:
        """The `Protocol` that the key `protocol` names."""
        return {**PROTOCOLS, **self.protocols}[self.protocol]
