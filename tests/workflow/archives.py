"""Archived predictions of a liquid whose nuclei seldom change their shell."""

import numpy as np
import pandas as pd

from ionshift.learning.members import member_table
from ionshift.solvation.classes import CLASSES, solvation_class

SHIFT_OF_ANION_PPM = -0.2
N_MEMBERS = 4


def predictions(seed, mean_n_anion, n_frames=40, n_nuclei=6, n_replicas=2):
    """Anions come and go with a memory of some twenty frames; each moves the shift upfield."""
    rng = np.random.default_rng(seed)
    parts = []
    for replica in range(n_replicas):
        n_anion = rng.poisson(mean_n_anion, n_nuclei)
        for frame in range(n_frames):
            moved = rng.random(n_nuclei) < 0.05
            n_anion = np.where(moved, rng.poisson(mean_n_anion, n_nuclei), n_anion)
            parts.append(
                pd.DataFrame(
                    {
                        "replica": replica,
                        "frame": frame,
                        "time_ps": 2.0 * frame,
                        "nucleus": range(n_nuclei),
                        "shift_ppm": 0.3
                        + SHIFT_OF_ANION_PPM * n_anion
                        + 0.1 * rng.normal(size=n_nuclei),
                        "n_anion": n_anion,
                        "n_solvent": np.maximum(3 - n_anion, 0),
                        "coordination": np.maximum(n_anion, 5),
                        "lsi_A2": rng.uniform(0, 0.5, n_nuclei),
                        "pc1": n_anion + 0.3 * rng.normal(size=n_nuclei),
                        "pc2": rng.normal(size=n_nuclei),
                        "pc3": rng.normal(size=n_nuclei),
                        "extrapolation": rng.uniform(0.5, 1.1, n_nuclei),
                    }
                )
            )
    table = pd.concat(parts, ignore_index=True)
    table["solvation_class"] = table["n_anion"].map(solvation_class)
    return table.assign(shielding_ppm=92.4 - table["shift_ppm"])


def members(table, seed=0):
    """Members that scatter about the shifts of a table class by class, their mean being those."""
    groups = table.groupby("solvation_class")["shift_ppm"].agg(["size", "mean"])
    groups = groups.reindex(CLASSES, fill_value=0.0)
    off = np.random.default_rng(seed).normal(0, 0.02, (N_MEMBERS, len(CLASSES)))
    off -= off.mean(axis=0)
    return member_table(
        groups["size"], (groups["mean"].to_numpy() + off) * groups["size"].to_numpy()
    )


def write_archive(folder, systems=("1M", "2M"), without=(), **options):
    """Write the files that a study takes from an archive, without some columns.

    Returns the predictions by system.
    """
    (folder / "predictions").mkdir(parents=True, exist_ok=True)
    (folder / "tables").mkdir(exist_ok=True)
    tables = {}
    for number, system in enumerate(systems):
        table = predictions(number, 0.5 + 0.7 * number, **options)
        tables[system] = table.drop(columns=list(without))
        tables[system].to_parquet(folder / f"predictions/{system}.parquet", index=False)
        members(tables[system]).to_csv(folder / f"predictions/{system}_members.csv", index=False)
    md = pd.DataFrame({"system": systems, "replica": 0, "molarity_M": range(1, len(systems) + 1)})
    md.to_csv(folder / "tables/md.csv", index=False)
    return tables
