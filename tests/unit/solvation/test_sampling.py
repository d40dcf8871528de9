from collections import Counter

import numpy as np
import pytest

from ionshift.config.sampling import Sampling
from ionshift.core.errors import InputError
from ionshift.solvation import sampling
from ionshift.solvation.samplers.farthest_point import farthest_points


def no_descriptors():
    raise AssertionError("descriptors are not needed here")


def test_pool_is_reproducible_and_unique():
    one = sampling.draw_pool([10, 20], 5, 60, seed=4)
    assert one == sampling.draw_pool([10, 20], 5, 60, seed=4)
    assert one != sampling.draw_pool([10, 20], 5, 60, seed=5)
    assert len(set(one)) == 60
    assert all(frame < (10 if replica == 0 else 20) for replica, frame, _ in one)


def test_pool_of_everything_covers_everything():
    pool = sampling.draw_pool([3, 2], 4, 1000, seed=0)
    assert len(set(pool)) == 20


def test_stratified_favours_rare_classes():
    classes = ["SSIP"] * 90 + ["CIP"] * 8 + ["AGG"] * 2
    chosen = sampling.choose("stratified", 9, classes, range(len(classes)), no_descriptors, seed=1)
    counts = {name: sum(classes[i] == name for i in chosen) for name in set(classes)}
    assert counts["AGG"] == 2
    assert sorted([counts["CIP"], counts["SSIP"]]) == [3, 4]
    assert len(set(chosen)) == 9


def test_stratified_takes_turns_over_the_nuclei_of_a_class():
    classes = ["SSIP"] * 50 + ["AGG"] * 10
    nuclei = [(0, 0)] * 48 + [(0, 1), (1, 0)] + [(0, i % 2) for i in range(10)]
    chosen = sampling.choose("stratified", 12, classes, nuclei, no_descriptors, seed=1)
    taken = Counter((classes[i], nuclei[i]) for i in chosen)
    assert taken[("SSIP", (0, 0))] == 4
    assert taken[("SSIP", (0, 1))] == taken[("SSIP", (1, 0))] == 1
    assert taken[("AGG", (0, 0))] == taken[("AGG", (0, 1))] == 3
    assert len(set(chosen)) == 12


def test_a_smaller_stratified_choice_begins_a_larger_one():
    classes = ["SSIP"] * 50 + ["AGG"] * 10
    arguments = classes, range(60), no_descriptors
    larger = sampling.choose("stratified", 40, *arguments, seed=1)
    assert sampling.choose("stratified", 15, *arguments, seed=1) == larger[:15]


def test_random_choice_follows_its_seed():
    classes = ["SSIP"] * 50
    first = sampling.choose("random", 10, classes, range(len(classes)), no_descriptors, seed=1)
    assert first == sampling.choose(
        "random", 10, classes, range(len(classes)), no_descriptors, seed=1
    )
    assert first != sampling.choose(
        "random", 10, classes, range(len(classes)), no_descriptors, seed=2
    )


def test_farthest_points_spread_over_the_line():
    points = np.array([[0.0], [0.1], [0.2], [5.0], [9.9], [10.0]])
    assert sorted(farthest_points(points, 3, start=0)) == [0, 3, 5]


def test_weights_and_known_points_steer_the_farthest():
    points = np.array([[0.0], [1.0], [4.0], [10.0]])
    near = np.array([0.0, 1.0, 4.0, 6.0])
    assert farthest_points(points, 2, distance=near) == [3, 2]
    weights = np.array([1.0, 50.0, 1.0, 1.0])
    assert farthest_points(points, 2, distance=near, weights=weights) == [1, 3]


def rounds(tmp_path, *texts):
    paths = [tmp_path / f"round_{number}.csv" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return [str(path) for path in paths]


def test_named_environments_are_counted_by_system(tmp_path):
    header = "system,replica,frame,nucleus,spread_ppm\n"
    paths = rounds(tmp_path, f"{header}1M,0,5,1,0.2\n4M,1,7,0,0.3\n", f"{header}4M,0,2,2,0.1\n")
    settings = Sampling(n_clusters=3, chosen=paths)
    assert [sampling.n_to_label(settings, name) for name in ("1M", "2M", "4M")] == [4, 3, 5]
    assert sampling.read_chosen(paths).to_numpy().tolist()[2] == ["4M", 0, 2, 2]


@pytest.mark.parametrize(
    "text", ["", "system,replica,frame\n1M,0,1\n", "system,replica,frame,nucleus\n1M,0,-1,2\n"]
)
def test_damaged_file_of_environments_is_named(tmp_path, text):
    paths = rounds(tmp_path, text)
    with pytest.raises(InputError, match=r"sampling\.chosen: .*round_0\.csv is no table"):
        sampling.read_chosen(paths)
    with pytest.raises(InputError, match=r"none\.csv is no table of environments"):
        sampling.read_chosen(["none.csv"])


def test_more_clusters_than_the_pool_holds_is_refused():
    with pytest.raises(InputError, match=r"sampling\.n_clusters = 5 .*sampling\.pool_size"):
        sampling.choose("random", 5, ["SSIP"] * 3, range(3), no_descriptors, seed=1)
