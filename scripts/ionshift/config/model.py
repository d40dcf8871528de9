"""Block `model`: the learned property."""

from typing import Annotated

from pydantic import Field

from ionshift.config.base import Block, Count, NotNegative, OneOf, Positive, Seed
from ionshift.config.registries.recipes import RECIPES


class Model(Block):
    recipe: Annotated[str, OneOf(RECIPES)] = Field(
        "mlp",
        description="mlp: small networks on principal components, stopped early; krr: kernel "
        "ridge regression; published: the network d-256-256-1 of the published study.",
    )
    committee_size: int = Field(8, ge=2, le=1000, description="Members, each without another fold.")
    hidden: list[Count] = Field([64, 64], min_length=1, description="Hidden layers (mlp).")
    n_components: Count | None = Field(
        100,
        description="Principal components of the descriptor given to the network (mlp); null: all.",
    )
    learning_rate: Positive = Field(1e-3, description="Adam's step (mlp).")
    weight_decay: NotNegative = Field(1e-2, description="AdamW's decay (mlp).")
    batch_size: Count = Field(32, description="Rows a step (mlp).")
    max_epochs: Count = Field(1000, description="Epochs (published), or at most (mlp).")
    patience: Count = Field(
        100, description="Epochs without a better validation error to wait (mlp)."
    )
    test_share: float = Field(0.2, gt=0, lt=1, description="Share of groups held out for the test.")
    group_ps: Positive = Field(
        50.0, description="Environments of one replica within this time stay in one group."
    )
    target_rmse_ppm: Positive | None = Field(
        0.13,
        description="Wanted error: the learning curve is extended to the number of labels that "
        "would reach it (0.13: You et al., JACS 2025, 28,000 labels); null: not extended.",
    )
    seed: Seed = Field(1, description="Seed of split, folds and weights.")
