"""The shift of every nucleus of every frame, streamed in chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from ionshift.core import schemas
from ionshift.core.errors import InputError
from ionshift.core.tables import SCORES
from ionshift.descriptors.geometry import Geometries
from ionshift.descriptors.registry import check_same, make_descriptor
from ionshift.learning.members import member_table
from ionshift.learning.motifs import UNKNOWN, Motifs
from ionshift.nmr.spectrum import shift_ppm
from ionshift.solvation.classes import CLASSES
from ionshift.solvation.environments import count, in_chunks

if TYPE_CHECKING:
    from ase import Atoms

    from ionshift.solvation.shells import ShellFinder

CUTOFF_TOLERANCE_A = 1e-6


class Predictor:
    """A committee with the descriptor and the cut-off that it was trained with.

    Parameters
    ----------
    committee : model.Committee
    descriptor : config.Descriptor
    cutoff_A : float, the cut-off in force at inference
    axes : pca.Axes of all environments, for the components
    reference_ppm : float, sigma_ref; None takes the mean shielding of the training labels

    Raises
    ------
    InputError
        if descriptor or cut-off differ from those of the training.
    """

    def __init__(self, committee, descriptor, cutoff_A, axes, reference_ppm=None):
        trained = committee.metadata
        _check_cutoff(trained["cutoff_A"], cutoff_A)
        check_same(trained["descriptor"], descriptor)
        self._committee = committee
        self._descriptor = make_descriptor(descriptor, trained["species"])
        self._motifs = Motifs(_known_motifs(trained))
        self._axes = axes
        self._axes_descriptor = make_descriptor(descriptor, axes.species)
        self.reference_ppm = (
            trained["mean_shielding_ppm"] if reference_ppm is None else reference_ppm
        )

    def predict(
        self, clusters: Geometries | Sequence[Atoms]
    ) -> tuple[pd.DataFrame, NDArray[np.float64]]:
        """Shielding, its spread, components and extrapolation of clusters.

        Parameters
        ----------
        clusters : list of Atoms, or `Geometries`

        Returns
        -------
        (DataFrame of n rows, members (n_members, n) in ppm)
        """
        clusters = Geometries.of(clusters)
        features = self._descriptor.describe(clusters)
        members = self._committee.predict_members(features)
        mean, spread = self._committee.combine(members)
        table = pd.DataFrame(
            {
                "shift_ppm": shift_ppm(mean, self.reference_ppm),
                "shift_sd_ppm": spread,
                "shielding_ppm": mean,
                "extrapolation": self._extrapolation(clusters, features),
            }
        )
        table[SCORES] = self._scores(clusters, features)
        return table, members

    def _extrapolation(self, geometries, features):
        distance = self._committee.extrapolation(features)
        return np.where(self._motifs.unknown(geometries), UNKNOWN, distance)

    def _scores(self, clusters, features):
        if self._axes_descriptor.species != self._descriptor.species:
            features = self._axes_descriptor.describe(clusters)
        return self._axes.scores(features)

    def write(
        self,
        finders: Sequence[ShellFinder],
        stride: int,
        chunk_size: int,
        path: str | Path,
        log: Callable[[str], None],
    ) -> pd.DataFrame:
        """Predict all frames of all replicas and write one row a nucleus of a frame.

        Memory holds one chunk. Returns the members' mean shifts as `members.member_table`.
        """
        total = count(finders, stride)
        writer, n_done = None, 0
        counts: Any = 0
        sums: Any = 0.0
        declared = schemas.named("predictions")
        try:
            for records, geometries in in_chunks(finders, stride, chunk_size):
                table, members = self.predict(geometries)
                table = pd.concat([pd.DataFrame(records), table], axis=1)
                declared.check_new(table, path)
                rows = pa.Table.from_pandas(table, preserve_index=False)
                rows = rows.replace_schema_metadata(rows.schema.metadata | declared.metadata())
                writer = writer or pyarrow.parquet.ParquetWriter(path, rows.schema)
                writer.write_table(rows)
                in_class = np.eye(len(CLASSES))[
                    [CLASSES.index(row["solvation_class"]) for row in records]
                ]
                counts = counts + in_class.sum(axis=0)
                sums = sums + shift_ppm(members, self.reference_ppm) @ in_class
                n_done += len(geometries)
                log(f"{n_done}/{total} environments")
        finally:
            if writer is not None:
                writer.close()
        return member_table(counts, sums)


def _known_motifs(trained):
    if trained.get("motifs") is None:
        raise InputError("the model was trained by an earlier version of Ionshift; train it again")
    return trained["motifs"]


def _check_cutoff(trained_A, cutoff_A):
    if trained_A is None:
        raise InputError(
            "the model was trained on other environments than solvation clusters; train one on "
            "clusters"
        )
    if abs(trained_A - cutoff_A) > CUTOFF_TOLERANCE_A:
        raise InputError(
            f"shell.cutoff_A = {cutoff_A:g}, but the model was trained on clusters cut at "
            f"{trained_A:g}; cut alike or train again"
        )
