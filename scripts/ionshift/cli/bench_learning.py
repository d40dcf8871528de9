"""Test error against the number of training labels, over many grouped splits of label sets.

HELD_OUT is blocks (of time, as a study holds them out) or replicas (whole boxes).
Leaves learning_RECIPE_HELD_OUT.csv, .pdf and .png in results/benchmarks.
"""

from pathlib import Path

from ionshift.config.descriptor import Descriptor
from ionshift.config.figures import Figures
from ionshift.config.model import Model
from ionshift.core.files import atomic_path
from ionshift.descriptors.registry import elements_of, make_descriptor
from ionshift.figures import style, training
from ionshift.learning.benchmarks import labelled, learning_curves, learning_summary

FOLDER = Path("results/benchmarks")
SEEDS = range(1, 21)
TARGET_RMSE_PPM = 0.13
"""Of the published study, with 28,000 labels."""


def main(recipe: str = "krr", held_out: str = "blocks", *sources: str) -> None:
    found = sources or sorted(Path("resources/labels").glob("lifsi_dme_fast*.extxyz"))
    settings = Model(recipe=recipe, committee_size=4)
    clusters, table = labelled(found, held_out)
    shieldings, groups = table["shielding_ppm"], table["group"]
    print(
        f"{len(table)} labels in {groups.nunique()} {held_out}, mean {shieldings.mean():.2f} ppm, "
        f"sd {shieldings.std():.2f} ppm"
    )
    X = make_descriptor(Descriptor(), elements_of(clusters)).describe(clusters)
    curve = learning_summary(
        learning_curves(X, shieldings.to_numpy(), groups.to_numpy(), settings, SEEDS),
        TARGET_RMSE_PPM,
    )
    print(curve.to_string(index=False, float_format="%.3g"))
    target = FOLDER / f"learning_{recipe}_{held_out}"
    with atomic_path(target.with_suffix(".csv")) as path:
        curve.to_csv(path, index=False)
    figure = training.learning_curve(curve, Figures())
    style.save(figure, [target.with_suffix(suffix) for suffix in (".pdf", ".png")], Figures().dpi)
