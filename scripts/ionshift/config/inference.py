"""Block `inference`: prediction along the trajectories."""

from pydantic import Field

from ionshift.config.base import Block, Count, FileName


class Inference(Block):
    chunk_size: Count = Field(2000, description="Environments predicted at a time.")
    archive: FileName | None = Field(
        None,
        description="Results folder of another study whose predictions are taken in place of MD, "
        "labels and model (docs/archived_predictions.md); null: everything is computed.",
    )
