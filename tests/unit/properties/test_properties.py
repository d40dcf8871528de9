"""What must hold for any input: images, splits, decompositions, configurations, keys, lags."""

import itertools
import string

import numpy as np
import pytest
from ase import Atoms
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ionshift.config.protocol import Protocol
from ionshift.config.reading import read_yaml
from ionshift.core.errors import InputError
from ionshift.labels.store import label_key
from ionshift.learning.splits import folds, grouped_split
from ionshift.nmr.decomposition import terms
from ionshift.statistics.correlation import lagged_products
from ionshift.studies import registry
from ionshift.trajectories.cell import minimum_image
from molecules import ROOT

same_every_time = settings(derandomize=True, deadline=None, max_examples=50)
EDGES_A = arrays(float, 3, elements=st.floats(5.0, 50.0))
VECTORS_A = arrays(float, 3, elements=st.floats(-200.0, 200.0))
images = arrays(int, 3, elements=st.integers(-4, 4))
group_names = st.lists(
    st.builds("{}/{}/0".format, st.sampled_from(["1M", "2M"]), st.integers(0, 5)),
    min_size=8,
    max_size=60,
)


@same_every_time
@given(VECTORS_A, EDGES_A)
def test_the_minimum_image_is_the_shortest_of_all_images(vector_A, box_A):
    folded_A = minimum_image(vector_A, box_A)
    assert np.linalg.norm(folded_A) <= np.linalg.norm(box_A) / 2 + 1e-9
    shifts = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
    around_A = np.linalg.norm(folded_A + shifts * box_A, axis=1)
    assert np.linalg.norm(folded_A) == pytest.approx(around_A.min(), abs=1e-9)


@same_every_time
@given(VECTORS_A, EDGES_A, images)
def test_periodic_copies_have_one_distance(vector_A, box_A, image):
    lengths_A = [
        np.linalg.norm(minimum_image(vector_A + number * box_A, box_A))
        for number in (0 * image, image)
    ]
    assert lengths_A[0] == pytest.approx(lengths_A[1], abs=1e-6)


@same_every_time
@given(group_names, st.floats(0.05, 0.6), st.integers(0, 1000))
def test_no_group_stands_on_both_sides_of_a_split(groups, share, seed):
    assume(len(set(groups)) > 1)
    training, test = grouped_split(groups, share, seed)
    assert sorted([*training, *test]) == list(range(len(groups)))
    assert len(training) and len(test)
    assert not {groups[i] for i in training} & {groups[i] for i in test}


@same_every_time
@given(group_names, st.integers(2, 4), st.integers(0, 1000))
def test_folds_keep_groups_whole(groups, n_folds, seed):
    assume(len(set(groups)) >= n_folds)
    fold = folds(groups, n_folds, seed)
    assert set(fold) == set(range(n_folds))
    assert len(set(zip(groups, fold, strict=True))) == len(set(groups))


@same_every_time
@given(st.data())
def test_the_terms_of_a_decomposition_add_up_to_the_change_of_the_mean(data):
    numbers = arrays(int, 4, elements=st.integers(0, 500)).filter(lambda n: n.sum() > 0)
    means = arrays(float, 4, elements=st.floats(-2.0, 2.0))
    n_x, n_y = data.draw(numbers), data.draw(numbers)
    sum_x, sum_y = n_x * data.draw(means), n_y * data.draw(means)
    share, within = terms(n_x, sum_x, n_y, sum_y)
    change = sum_y.sum() / n_y.sum() - sum_x.sum() / n_x.sum()
    assert share.sum() + within.sum() == pytest.approx(change, abs=1e-10)


@same_every_time
@given(
    st.integers(0, 10**6),
    st.floats(200.0, 600.0),
    st.integers(2, 30),
    st.sampled_from(["mlp", "krr"]),
)
def test_a_study_written_and_read_again_is_the_same(seed, temperature_K, committee_size, recipe):
    config = read_yaml(ROOT / "config" / "config.yaml")
    config["seed"] = seed
    config["md"] = config.get("md", {}) | {"temperature_K": temperature_K}
    config["model"] = {"committee_size": committee_size, "recipe": recipe}
    study = registry.load(config)
    assert registry.load(study.model_dump(mode="json")) == study


@same_every_time
@given(st.text(string.ascii_lowercase, min_size=3, max_size=12))
def test_an_unknown_key_is_refused_by_its_name(key):
    config = read_yaml(ROOT / "config" / "config.yaml")
    assume(key not in registry.kind("liquid_nmr").study.model_fields and key != "relaxation")
    with pytest.raises(InputError, match=f"{key} = 1: unknown key"):
        registry.load(config | {key: 1})


@same_every_time
@given(VECTORS_A, st.integers(0, 2), st.sampled_from([-1, 1]))
def test_a_label_key_knows_the_cluster_not_its_place(shift_A, moved, direction):
    cluster = Atoms("LiOH", [[0, 0, 0], [1.9, 0.1, 0], [2.5, 0.8, 0.3]])
    key = label_key(cluster, 0, Protocol())
    elsewhere = cluster.copy()
    elsewhere.positions += np.round(shift_A, 2)
    assert label_key(elsewhere, 0, Protocol()) == key
    changed = cluster.copy()
    changed.positions[moved, 2] += 0.01 * direction
    assert label_key(changed, 0, Protocol()) != key
    assert label_key(cluster, 1, Protocol()) != key


@same_every_time
@given(arrays(float, st.tuples(st.just(12), st.just(2)), elements=st.floats(-5.0, 5.0)))
def test_lagged_products_are_plain_sums(series):
    found = lagged_products(series, 5)
    direct = [
        sum(series[t] * series[t + lag] for t in range(len(series) - lag)) for lag in range(5)
    ]
    assert np.allclose(found, direct, atol=1e-9)
