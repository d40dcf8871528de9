"""MD with a committee, and the choice of the frames on which it disagrees."""

import numpy as np
import pandas as pd
import pytest
import yaml
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT

from ionshift.config.potential_training import PotentialExploration, PotentialModel
from ionshift.core.errors import InputError
from ionshift.potential_training import exploration, training
from ionshift.potential_training.evaluation import Predictions, errors_by_round
from ionshift.studies import registry

SHORT = PotentialExploration(production_ps=0.02, frame_interval_ps=0.004, timestep_fs=2.0)


class Torn(Calculator):
    """Forces that are not numbers once an atom has moved."""

    implemented_properties = ("energy", "forces")

    def __init__(self, start_A):
        super().__init__()
        self.start_A = start_A

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        moved = np.abs(atoms.positions - self.start_A).max() > 0.05
        self.results = {
            "energy": np.nan if moved else 0.0,
            "forces": np.full((len(atoms), 3), np.nan if moved else 0.0),
        }


def copper():
    return bulk("Cu", cubic=True) * (2, 2, 2)


def test_a_killed_run_goes_on_and_gives_the_same(tmp_path):
    whole = exploration.explore(EMT(), copper(), SHORT, 7, tmp_path / "whole.traj")
    assert len(whole) == 6
    shorter = SHORT.model_copy(update={"production_ps": 0.008})
    path, messages = tmp_path / "killed.traj", []
    exploration.explore(EMT(), copper(), shorter, 7, path)
    again = exploration.explore(EMT(), copper(), SHORT, 7, path, messages.append)
    assert messages == ["going on after 2 of 5 frames"]
    for one, other in zip(whole, again, strict=True):
        np.testing.assert_allclose(one.positions, other.positions, atol=1e-10)
    np.testing.assert_array_equal(whole[0].positions, copper().positions)
    assert np.abs(whole[-1].positions - whole[0].positions).max() > 0.01


def test_a_run_that_blows_up_keeps_its_frames(tmp_path):
    start, messages = copper(), []
    settings = SHORT.model_copy(update={"production_ps": 1.0})
    calculator = Torn(start.get_positions())
    visited = exploration.explore(
        calculator, start, settings, 1, tmp_path / "run.traj", messages.append
    )
    assert 1 < len(visited) < 251
    assert all(np.isfinite(atoms.positions).all() for atoms in visited)
    assert "blew up before" in messages[-1] and "frames kept" in messages[-1]


def test_deviation_is_that_of_the_worst_atom():
    first, second = np.zeros((3, 3)), np.zeros((3, 3))
    second[1] = [0.6, 0.0, 0.8]
    predictions = [Predictions(np.zeros(1), [forces]) for forces in (first, second)]
    # Two members that are 1 eV/A apart: each deviates from their mean by 0.5.
    np.testing.assert_allclose(exploration.deviations(predictions), [0.5])


def met(deviations, number=1, box="box"):
    return exploration.table(np.array(deviations), SHORT, box, number)


def test_frames_inside_the_window_are_chosen():
    settings = SHORT.model_copy(update={"n_frames": 2})
    visited = [copper() for _ in range(6)]
    for i, atoms in enumerate(visited):
        atoms.positions += 0.1 * i
    found = met([0.1, 0.5, 0.6, 0.7, 1.9, 2.0], number=3)
    chosen = exploration.candidates(visited, found, settings)
    assert [atoms.info["frame_id"] for atoms in chosen] == ["box/e3/f1", "box/e3/f4"]
    assert [atoms.info["round"] for atoms in chosen] == [3, 3]
    np.testing.assert_array_equal(chosen[1].positions, visited[4].positions)
    assert len(exploration.candidates(visited, found, SHORT)) == 4
    assert exploration.candidates(visited, met(6 * [0.1]), SHORT) == []


def test_summary_says_where_the_loop_may_stop():
    whole, torn = 19 * [0.1] + [0.4], [0.1, 0.1, 3.0]
    settings = SHORT.model_copy(update={"production_ps": 19 * 0.004})
    table = exploration.summary(pd.concat([met(torn), met(whole, 2)]), settings)
    assert table["ended"].tolist() == ["blew up", "whole run"]
    assert table["converged"].tolist() == [False, True]
    np.testing.assert_allclose(table["accurate_share"], [2 / 3, 0.95])
    np.testing.assert_allclose(table["failed_share"], [1 / 3, 0.0])


def labelled(number, n_groups, per_group=2):
    frames = []
    for i in range(n_groups * per_group):
        atoms = copper()
        atoms.info = {"round": number, "group": f"box/e{number}/b{i // per_group}"}
        atoms.info |= {"REF_energy": float(i), "frame_id": f"box/e{number}/f{i}"}
        atoms.arrays["REF_forces"] = np.zeros((len(atoms), 3))
        frames.append(atoms)
    return frames


def test_a_new_round_moves_no_frame_between_training_and_test():
    settings = PotentialModel()
    first = labelled(0, 6)
    before = training.split(first, settings)["test"]
    later = first + labelled(1, 5) + labelled(2, 1)
    after = training.split(later, settings)
    np.testing.assert_array_equal(after["test"][after["test"] < len(first)], before)
    numbers = [later[i].info["round"] for i in after["test"]]
    assert set(numbers) == {0, 1}
    assert sorted([*after["test"], *after["train"]]) == list(range(len(later)))


def test_errors_are_told_by_round():
    frames = labelled(0, 4) + labelled(1, 4)
    parts = training.split(frames, PotentialModel())
    energies = np.array([atoms.info["REF_energy"] for atoms in frames])
    shift = np.where([atoms.info["round"] for atoms in frames], 0.64, 0.32)
    zero = [np.zeros((32, 3)) for _ in frames]
    off = [np.full((32, 3), 0.1) for _ in frames]
    committees = [Predictions(energies + shift, off), Predictions(energies, zero)]
    table = errors_by_round(frames, parts, committees).set_index(["model_round", "test_round"])
    np.testing.assert_allclose(table.loc[0, "energy_rmse_meV_atom"], [10, 20])
    np.testing.assert_allclose(table.loc[0, "force_rmse_meV_A"], 100)
    np.testing.assert_allclose(table.loc[1, "force_rmse_meV_A"], 0, atol=1e-9)
    n_train = sum(frames[i].info["round"] == 0 for i in parts["train"])
    assert set(table.loc[0, "n_train"]) == {n_train}
    assert set(table.loc[1, "n_train"]) == {len(parts["train"])}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"deviation_low_eV_A": 2.0}, r"deviation_high_eV_A = 2 must be more than"),
        ({"frame_interval_ps": 0.0007}, r"frame_interval_ps = 0.0007 is not a whole number"),
    ],
)
def test_wrong_settings(given, message):
    with pytest.raises(ValueError, match=message):
        PotentialExploration(**given)


def test_one_member_cannot_disagree(root):
    study = yaml.safe_load((root / "config" / "config.yaml").read_text())
    study["potential_training"] = {
        "exploration": {"rounds": 1},
        "model": {"committee_size": 1},
    }
    with pytest.raises(InputError, match=r"exploration\.rounds = 1 needs members that can disagre"):
        registry.load(study)
