"""What to label next: the choice, and the command's way from trajectories to a table."""

import shutil

import numpy as np
import pytest
from test_descriptor import random_cluster

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.core.errors import InputError
from ionshift.descriptors.registry import elements_of, make_descriptor
from ionshift.descriptors.settings import effective
from ionshift.learning import active
from ionshift.learning import committee as model
from ionshift.studies import registry

DESCRIPTOR = Descriptor(n_grid=20)
SPREAD = np.array([0.1, 0.3, 0.29, 0.05])
X = np.array([[1.0], [5.0], [5.1], [9.0]])
KNOWN = np.zeros((1, 1))


@pytest.mark.parametrize(
    ("method", "expected"),
    [("disagreement", [1, 2]), ("distance", [3, 1]), ("combined", [1, 3])],
)
def test_methods_choose_what_they_say(method, expected):
    """Candidates 1 and 2 are alike: disagreement takes both, combined does not."""
    assert active.choose(method, 2, SPREAD, X, KNOWN) == expected


def test_random_choice_follows_its_seed():
    first = active.choose("random", 3, SPREAD, X, KNOWN, seed=1)
    assert sorted(set(first)) == sorted(first)
    assert first == active.choose("random", 3, SPREAD, X, KNOWN, seed=1)


def cluster(number, status="ok"):
    atoms = random_cluster(number, 2, number % 3)
    atoms.info |= {
        "cluster_id": f"s/1M/r0/f{number}/n0",
        "system": "1M",
        "replica": 0,
        "frame": number,
        "nucleus": 0,
        "time_ps": float(number),
        "solvation_class": "CIP",
        "status": status,
    }
    return atoms


@pytest.fixture(scope="module")
def labelled():
    return [cluster(number) for number in range(24)]


@pytest.fixture(scope="module")
def committee(labelled):
    species = elements_of(labelled)
    features = make_descriptor(DESCRIPTOR, species).describe(labelled)
    target = 92 + 0.3 * (np.arange(24) % 3)
    groups = [f"1M/s-r0/b{i // 3}" for i in range(24)]
    trained = model.train(
        features, target, groups, Model(recipe="krr", committee_size=3), lambda text: None
    )
    trained.metadata |= {"species": species, "descriptor": effective(DESCRIPTOR)}
    return trained


def test_labelled_environments_are_not_chosen_again(labelled, committee):
    failed = cluster(24, status="failed")
    fresh = [cluster(number) for number in range(25, 30)]
    pool = [*labelled, failed, *fresh]
    table = active.next_labels("combined", 5, pool, [*labelled, failed], committee, DESCRIPTOR)
    assert sorted(table["frame"]) == list(range(25, 30))
    assert (table["distance"] > 0).all() and (table["spread_ppm"] >= 0).all()
    with pytest.raises(InputError, match=r"6 labels are wanted, 5 .*sampling\.pool_size"):
        active.next_labels("random", 6, pool, [*labelled, failed], committee, DESCRIPTOR)
    with pytest.raises(InputError, match="n_grid = 21"):
        other = Descriptor(n_grid=21)
        active.next_labels("random", 1, pool, labelled, committee, other)


def test_candidates_come_from_the_trajectories_of_a_study(root, known_box, tmp_path):
    content = registry.load(root / "config" / "config.yaml").model_dump(mode="json")
    content["systems"] = {"1M": content["systems"]["1M"]}
    folder = tmp_path / "md" / "1M" / "0"
    folder.mkdir(parents=True)
    for source, name in zip(known_box, ("topology.pdb", "trajectory.xtc"), strict=True):
        shutil.copy(source, folder / name)
    (tmp_path / "shell").mkdir()
    (tmp_path / "shell" / "shell.json").write_text('{"cutoff_A": 2.8}')
    clusters = active.candidates(registry.load(content), tmp_path, 1)
    assert [atoms.info["cluster_id"] for atoms in clusters] == [
        "demo/1M/r0/f0/n0",
        "demo/1M/r0/f1/n0",
    ]
