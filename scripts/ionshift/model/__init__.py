"""The learned shielding: recipes, a committee with its errors, what it has not seen."""

from ionshift.model.committee import Committee, train
from ionshift.model.evaluation import Study, evaluate, learning_curve, study

__all__ = [
    "Committee",
    "Study",
    "evaluate",
    "learning_curve",
    "study",
    "train",
]
