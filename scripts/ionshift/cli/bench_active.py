"""Replay on a label set which labels to compute next: random choice against the others.

POOL is all (the labels as they were chosen) or md (thinned to the frequencies that the solvation
classes have in the MD, which the provenance of the set must hold).
Leaves active_POOL_runs.csv, and active_POOL.csv and .png, .pdf (every test label counts alike) and
active_POOL_weighted.* (by the frequencies in the MD) in the folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ionshift.config.descriptor import Descriptor
from ionshift.config.figures import Figures
from ionshift.config.model import Model
from ionshift.core.errors import InputError
from ionshift.core.files import atomic_path
from ionshift.descriptors.registry import elements_of, make_descriptor
from ionshift.figures import benchmark, style
from ionshift.learning.benchmarks import choice_summary, compare_choices, labelled, md_weights

if TYPE_CHECKING:
    import pandas as pd

N_START, N_BATCH, SEEDS = 16, 8, range(1, 21)


ERRORS = {
    "all": {"": "rmse"},
    "md": {"": "rmse", "_weighted": "weighted_rmse"},
}
"""By pool: what is summarized, and the ending of its files' names."""


def main(labels: Path, pool: str = "all", folder: Path = Path("results/benchmarks")) -> None:
    settings = Model(recipe="krr", committee_size=4)
    clusters, table = labelled([labels])
    X = make_descriptor(Descriptor(), elements_of(clusters)).describe(clusters)
    weights = md_weights(table, shares_in_md(labels)) if pool == "md" else None
    runs = compare_choices(
        X, table["shielding_ppm"], table["group"], settings, N_START, N_BATCH, SEEDS, weights
    )
    folder = Path(folder)
    save(runs, folder / f"active_{pool}_runs.csv")
    for suffix, error in ERRORS[pool].items():
        summary = choice_summary(runs, error)
        print(error)
        print(summary.to_string(index=False, float_format="%.3f", na_rep="all"))
        target = folder / f"active_{pool}{suffix}.csv"
        save(summary, target)
        figure = benchmark.choices(summary, Figures())
        style.save(figure, [target.with_suffix(".pdf"), target.with_suffix(".png")], Figures().dpi)


def shares_in_md(labels: str | Path) -> dict[str, dict[str, float]]:
    """Shares of the solvation classes in the MD by system, from the provenance of a set.

    Raises
    ------
    InputError
        if the provenance does not hold them.
    """
    path = Path(labels).with_suffix(".provenance.json")
    shares = json.loads(path.read_text()).get("class_shares_in_md") if path.is_file() else None
    if shares is None:
        raise InputError(
            f"{path} has no class_shares_in_md: export the set again (ionshift labels export), "
            "or take --pool all"
        )
    return shares


def save(table: pd.DataFrame, path: str | Path) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)
