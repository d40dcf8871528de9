from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_descriptor import random_cluster

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.config.shell import Shell
from ionshift.core.errors import InputError
from ionshift.descriptors.geometry import Geometries
from ionshift.descriptors.lmbtr import Lmbtr
from ionshift.descriptors.registry import elements_of
from ionshift.descriptors.settings import effective
from ionshift.learning import committee as model
from ionshift.learning.motifs import UNKNOWN, Motifs
from ionshift.learning.pca import Axes, Moments
from ionshift.nmr.inference import Predictor
from ionshift.nmr.inference_cost import inference_cost, training_cost
from ionshift.solvation.shells import ShellFinder
from ionshift.trajectories.trajectory import Trajectory

DESCRIPTOR = Descriptor(n_grid=20)


@pytest.fixture(scope="module")
def committee():
    clusters = [random_cluster(seed, 2, seed % 3) for seed in range(40)]
    species = elements_of(clusters)
    features = Lmbtr(DESCRIPTOR, species).describe(clusters)
    target = np.array([92 + 0.3 * (seed % 3) for seed in range(40)])
    groups = [f"1M/s-r0/b{i // 4}" for i in range(40)]
    config = Model(committee_size=2, max_epochs=20, hidden=[8])
    trained = model.train(features, target, groups, config, log=lambda text: None)
    trained.metadata |= {
        "species": species,
        "motifs": Motifs.of(Geometries.of(clusters)).names,
        "descriptor": effective(DESCRIPTOR),
        "cutoff_A": 2.8,
        "mean_shielding_ppm": float(target.mean()),
    }
    return trained


@pytest.fixture(scope="module")
def axes():
    clusters = [random_cluster(seed, 2, seed % 3) for seed in range(10)]
    species = elements_of(clusters)
    rows = Lmbtr(DESCRIPTOR, species).describe(clusters)
    moments = Moments.empty(rows.shape[1])
    moments.add(rows)
    return Axes.of(moments, species, 5)


def test_predictions_stream_every_environment(committee, axes, known_box, electrolyte, tmp_path):
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 2.8)
    predictor = Predictor(committee, DESCRIPTOR, 2.8, axes)
    path = tmp_path / "predictions.parquet"
    members = predictor.write([finder, finder], 1, chunk_size=3, path=path, log=lambda text: None)
    table = pd.read_parquet(path)
    assert table[["replica", "frame", "nucleus"]].to_numpy().tolist() == [
        [0, 0, 0],
        [0, 1, 0],
        [1, 0, 0],
        [1, 1, 0],
    ]
    numbers = table[["shift_ppm", "shift_sd_ppm", "pc1", "pc2", "extrapolation"]]
    assert np.isfinite(numbers.to_numpy()).all()
    assert table["solvation_class"].eq("CIP").all()
    assert members["solvation_class"].tolist() == ["CIP", "CIP"]
    assert members["n_environments"].tolist() == [4, 4]
    assert members["shift_ppm"].mean() == pytest.approx(table["shift_ppm"].mean(), abs=1e-5)
    shift = committee.metadata["mean_shielding_ppm"] - table["shielding_ppm"]
    assert np.allclose(table["shift_ppm"], shift)


def test_prediction_of_a_cluster_is_that_of_training(committee, axes, known_box, electrolyte):
    """Cut at inference exactly as at training: the same frame gives the same descriptor."""
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 2.8)
    frame = finder.trajectory.frame(0)
    cluster = finder.cluster(frame, finder.shells(frame)[0])
    table, _ = Predictor(committee, DESCRIPTOR, 2.8, axes).predict([cluster])
    features = Lmbtr(DESCRIPTOR, committee.metadata["species"]).describe([cluster])
    assert table["shielding_ppm"].iloc[0] == committee.predict(features)[0][0]


def test_another_cutoff_is_refused(committee, axes):
    with pytest.raises(InputError, match=r"shell\.cutoff_A = 3\.1, .*cut at 2\.8"):
        Predictor(committee, DESCRIPTOR, 3.1, axes)


def test_another_descriptor_is_refused(committee, axes):
    with pytest.raises(InputError, match="descriptor: the model was trained with other settings"):
        Predictor(committee, Descriptor(n_grid=30), 2.8, axes)


def test_another_kind_of_descriptor_is_refused(committee, axes):
    with pytest.raises(InputError, match=r"kind = soap \(training: lmbtr\)"):
        Predictor(committee, Descriptor(kind="soap"), 2.8, axes)


def test_another_species_is_refused(committee, axes):
    foreign = random_cluster(0)
    foreign.numbers[3] = 15
    with pytest.raises(InputError, match="element P is not among"):
        Predictor(committee, DESCRIPTOR, 2.8, axes).predict([foreign])


def test_model_of_other_environments_is_refused(committee, axes):
    other = replace(committee, metadata=committee.metadata | {"cutoff_A": None})
    with pytest.raises(InputError, match="other environments than solvation clusters"):
        Predictor(other, DESCRIPTOR, 2.8, axes)


def test_a_molecule_that_no_label_holds_is_far_outside(committee, axes):
    """An O of a known cluster becomes an F: known elements, bonded as in no label."""
    known = random_cluster(0)
    foreign = known.copy()
    foreign.numbers[next(i for i in range(1, len(known)) if known.numbers[i] == 8)] = 9
    predictor = Predictor(committee, DESCRIPTOR, 2.8, axes)
    assert predictor.predict([known])[0]["extrapolation"].iloc[0] < UNKNOWN
    assert predictor.predict([foreign])[0]["extrapolation"].iloc[0] == UNKNOWN


def test_a_model_of_an_earlier_version_is_refused(committee, axes):
    kept = {key: value for key, value in committee.metadata.items() if key != "motifs"}
    with pytest.raises(InputError, match="earlier version of Ionshift; train it again"):
        Predictor(replace(committee, metadata=kept), DESCRIPTOR, 2.8, axes)


def test_geometry_is_that_of_the_cluster(known_box, electrolyte):
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 2.8)
    frame = finder.trajectory.frame(0)
    environment = finder.shells(frame)[0]
    atoms, positions_A = finder.geometry(frame, environment)
    cluster = finder.cluster(frame, environment)
    assert np.array_equal(positions_A, cluster.positions)
    assert finder.trajectory.symbols[atoms].tolist() == cluster.get_chemical_symbols()


def test_the_other_backend_is_accepted(committee, axes):
    Predictor(committee, Descriptor(n_grid=20, backend="dscribe"), 2.8, axes)


def test_reference_is_settable(committee, axes, known_box, electrolyte):
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 2.8)
    frame = finder.trajectory.frame(0)
    cluster = finder.cluster(frame, finder.shells(frame)[0])
    table, _ = Predictor(committee, DESCRIPTOR, 2.8, axes, reference_ppm=100.0).predict([cluster])
    assert np.allclose(table["shift_ppm"], 100.0 - table["shielding_ppm"])


def test_the_cost_of_training_is_that_of_the_environments_asked_for(
    committee, axes, known_box, electrolyte
):
    """Twenty replicas of two frames of one nucleus: 15 of 40 environments."""
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 2.8)
    predictor = Predictor(committee, DESCRIPTOR, 2.8, axes)
    descriptor = Lmbtr(DESCRIPTOR, axes.species)
    config, messages = Model(committee_size=2, max_epochs=5, hidden=[4]), []
    table = training_cost([finder] * 20, predictor, descriptor, config, 1, 15, log=messages.append)
    assert table["n_environments"].tolist() == [15]
    assert (table[["cpu_s", "peak_memory_MB"]] > 0).all(axis=None)


def test_the_cost_of_inference_reads_frames_again_until_there_are_enough(
    committee, axes, known_box, electrolyte
):
    """Two frames of one nucleus: five environments take three readings, six environments."""
    finder = ShellFinder(Trajectory(*known_box), electrolyte, Shell(), 2.8)
    predictor = Predictor(committee, DESCRIPTOR, 2.8, axes)
    descriptor = Lmbtr(DESCRIPTOR, axes.species)
    table = inference_cost([finder], descriptor, predictor, 1, 2, 5, log=lambda text: None)
    assert table["n_environments"].tolist() == [6, 6]
    assert table["times_read"].tolist() == [3, 3]
    assert (table[["cpu_s", "peak_memory_MB"]] > 0).all(axis=None)
    assert np.allclose(table["cpu_ms"], 1e3 * table["cpu_s"] / 6)
