"""Replay on a label set which labels to compute next: random choice against the others.

PYTHONPATH=scripts python scripts/bench_active.py [label set] [folder]
Leaves active_runs.csv, active.csv and active.{pdf,png} in the folder.
"""

import sys
from pathlib import Path

from ionshift.benchmarks import choice_summary, compare_choices, labelled
from ionshift.config import Descriptor, Figures, Model
from ionshift.descriptor import elements_of, make_descriptor
from ionshift.files import atomic_path
from ionshift.plotting import benchmark, style

N_START, N_BATCH, SEEDS = 16, 8, range(1, 21)


def main(labels="resources/labels/lifsi_dme_fast.extxyz", folder="results/benchmarks"):
    settings = Model(recipe="krr", committee_size=4)
    clusters, table = labelled([labels])
    X = make_descriptor(Descriptor(), elements_of(clusters)).describe(clusters)
    runs = compare_choices(
        X, table["shielding_ppm"], table["group"], settings, N_START, N_BATCH, SEEDS
    )
    summary = choice_summary(runs)
    print(summary.to_string(index=False, float_format="%.3f", na_rep="all"))
    folder = Path(folder)
    for name, content in {"active_runs": runs, "active": summary}.items():
        with atomic_path(folder / f"{name}.csv") as path:
            content.to_csv(path, index=False)
    figure = benchmark.choices(summary, Figures())
    style.save(figure, [folder / "active.pdf", folder / "active.png"], Figures().dpi)


if __name__ == "__main__":
    main(*sys.argv[1:])
