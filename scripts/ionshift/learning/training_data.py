"""What a committee learns from: descriptors, shieldings and groups of a study's labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ionshift.config.descriptor import Descriptor
from ionshift.descriptors.registry import Geometries, elements_of, make_descriptor
from ionshift.labels.sets import read_label_set
from ionshift.labels.training_set import training_set
from ionshift.learning.motifs import Motifs
from ionshift.solvation.shells import read_cutoff_A


@dataclass(frozen=True)
class TrainingData:
    """features (n, d), shielding_ppm (n,), groups: n names; `table` has a row per label.

    motifs : names of all bonded neighbourhoods in the labels
    """

    features: np.ndarray
    shielding_ppm: np.ndarray
    groups: list[str]
    table: pd.DataFrame
    species: list[str]
    motifs: list[str]
    cutoff_A: float


def read(
    labels: Path | str, shell: Path | str, descriptor: Descriptor, group_ps: float
) -> TrainingData:
    """The ok labels of a set, cut at the shell's cut-off and described.

    Parameters
    ----------
    labels : label set (extxyz)
    shell : JSON file of the first shell
    group_ps : labels of one replica within this time stay in one group
    """
    cutoff_A = read_cutoff_A(shell)
    clusters, table = training_set(read_label_set(labels), cutoff_A, group_ps)
    species = elements_of(clusters)
    return TrainingData(
        features=make_descriptor(descriptor, species).describe(clusters),
        shielding_ppm=table["shielding_ppm"].to_numpy(),
        groups=table["group"].to_list(),
        table=table,
        species=species,
        motifs=Motifs.of(Geometries.of(clusters)).names,
        cutoff_A=cutoff_A,
    )
