"""Recipes of the learner, by `model.recipe`."""

from ionshift.core.registry import Entry, Registry

RECIPES: Registry[Entry] = Registry(
    "model.recipe",
    Entry("mlp", "ionshift.learning.recipes.mlp:Mlp"),
    Entry("krr", "ionshift.learning.recipes.krr:Krr"),
    Entry("published", "ionshift.learning.recipes.published:Published"),
)
"""A recipe is a `learning.recipe.Recipe`."""
