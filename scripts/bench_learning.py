"""Test error against the number of training labels, over many grouped splits of label sets.

PYTHONPATH=scripts python scripts/bench_learning.py [RECIPE [label set...]]
Leaves learning.csv and learning.{pdf,png} in results/benchmarks.
"""

import sys
from pathlib import Path

from ionshift.benchmarks import learning_curves, learning_summary
from ionshift.config import Descriptor, Figures, Model
from ionshift.descriptor import elements_of, make_descriptor
from ionshift.files import atomic_path
from ionshift.labels import read_label_set, training_set
from ionshift.plotting import style, training

FOLDER = Path("results/benchmarks")
SEEDS = range(1, 21)
TARGET_RMSE_PPM = 0.13
"""Of the published study, with 28,000 labels."""


def main(recipe="krr", *sources):
    sources = sources or sorted(Path("resources/labels").glob("lifsi_dme_fast*.extxyz"))
    clusters = [atoms for source in sources for atoms in read_label_set(source)]
    settings = Model(recipe=recipe, committee_size=4)
    clusters, table = training_set(clusters, float(clusters[0].info["cutoff_A"]), settings.group_ps)
    shieldings = table["shielding_ppm"]
    print(f"{len(table)} labels, mean {shieldings.mean():.2f} ppm, sd {shieldings.std():.2f} ppm")
    X = make_descriptor(Descriptor(), elements_of(clusters)).describe(clusters)
    curve = learning_summary(
        learning_curves(X, shieldings.to_numpy(), table["group"].to_numpy(), settings, SEEDS),
        TARGET_RMSE_PPM,
    )
    print(curve.to_string(index=False, float_format="%.3g"))
    with atomic_path(FOLDER / "learning.csv") as path:
        curve.to_csv(path, index=False)
    figure = training.learning_curve(curve, Figures())
    style.save(figure, [FOLDER / "learning.pdf", FOLDER / "learning.png"], Figures().dpi)


if __name__ == "__main__":
    main(*sys.argv[1:])
