"""Files of EFG tensors: three formats give the same run; what is wrong is named."""

import ase
import ase.io
import numpy as np
import pandas as pd
import pytest

from ionshift.core.errors import InputError
from ionshift.nmr.efg_files import PARTS, read_runs
from ionshift.nmr.nuclides import NUCLIDES
from ionshift.nmr.quadrupolar import AU_V_m2
from jump_process import any_tensor

LI7 = NUCLIDES.get("7Li")
CELL_A = np.array([[8.0, 0, 0], [3.0, 7.0, 0], [1.0, -2.0, 6.0]])


@pytest.fixture
def tensors():
    return any_tensor(np.random.default_rng(0), (5, 2))


def written(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_npz_in_every_unit(tensors, tmp_path):
    for unit, scale in (("au", 1.0), ("V_A2", AU_V_m2 / 1e20), ("1e21_V_m2", AU_V_m2 / 1e21)):
        path = written(tmp_path / f"{unit}.npz", **{f"efg_{unit}": scale * tensors})
        (run,) = read_runs([path], LI7, 0.5)
        assert np.allclose(run.tensors_au, tensors, rtol=1e-12)
        assert (run.step_ps, run.n_frames, run.n_nuclei, run.length_ps) == (0.5, 5, 2, 2.0)
        assert run.positions_A is None


def test_npz_with_times_positions_and_cell(tensors, tmp_path):
    path = written(
        tmp_path / "a.npz",
        efg_au=tensors,
        time_ps=np.arange(5) * 0.2,
        positions_A=np.ones((5, 2, 3)),
        cell_A=CELL_A,
    )
    (run,) = read_runs([path], LI7)
    assert run.step_ps == pytest.approx(0.2)
    assert run.positions_A.shape == (5, 2, 3) and np.array_equal(run.cell_A, CELL_A)


def test_parquet_in_any_order_with_replicas(tensors, tmp_path):
    nuclei = [7, 3]
    rows = [
        {"replica": replica, "nucleus": nucleus, "time_ps": 0.1 * frame}
        | {
            f"efg_{part}_au": (1 + replica) * tensors[frame, nuclei.index(nucleus), i, j]
            for part, i, j in zip(PARTS, (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2), strict=True)
        }
        for replica in (0, 1)
        for frame in range(5)
        for nucleus in nuclei
    ]
    table = pd.DataFrame(rows).sample(frac=1, random_state=0)
    table.to_parquet(tmp_path / "a.parquet")
    first, second = read_runs([tmp_path / "a.parquet"], LI7)
    assert np.allclose(first.tensors_au, tensors[:, ::-1])
    assert np.allclose(second.tensors_au, 2 * tensors[:, ::-1])
    assert first.step_ps == pytest.approx(0.1)
    table.iloc[1:].to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="every nucleus needs one row a frame"):
        read_runs([tmp_path / "b.parquet"], LI7)


def test_extxyz_takes_the_atoms_of_the_nuclide(tensors, tmp_path):
    frames = []
    for number, one in enumerate(tensors):
        atoms = ase.Atoms("LiSLi", np.arange(9).reshape(3, 3), cell=CELL_A, pbc=True)
        atoms.info["time_ps"] = 2.0 * number
        atoms.arrays["efg_au"] = np.stack([one[0], np.full((3, 3), 9.0), one[1]]).reshape(3, 9)
        frames.append(atoms)
    ase.io.write(tmp_path / "a.extxyz", frames)
    (run,) = read_runs([tmp_path / "a.extxyz"], LI7)
    assert np.allclose(run.tensors_au, tensors, atol=1e-7)
    assert run.step_ps == 2.0 and np.allclose(run.cell_A, CELL_A)
    assert np.allclose(run.positions_A[0], [[0, 1, 2], [6, 7, 8]])
    with pytest.raises(InputError, match="no Na in it; --nuclide is 23Na"):
        read_runs([tmp_path / "a.extxyz"], NUCLIDES.get("23Na"))


def spoiled(tensors, value, *place):
    tensors = tensors.copy()
    tensors[place] += value
    return tensors


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (lambda t: {"efg": t}, r"needs one of efg_au, efg_V_A2, efg_1e21_V_m2.*it has efg"),
        (lambda t: {"efg_au": t, "efg_V_A2": t}, "needs one of"),
        (lambda t: {"efg_au": t[:, :, :2]}, r"shape \(5, 2, 2, 3\), it must be \(frames"),
        (lambda t: {"efg_au": t[:, 0]}, r"shape \(5, 3, 3\)"),
        (lambda t: {"efg_au": t[:1]}, "1 frames; a correlation needs 2"),
        (lambda t: {"efg_au": t[:, :0]}, "shape"),
        (lambda t: {"efg_au": np.full(t.shape, "many")}, "efg_au holds no numbers"),
        (lambda t: {"efg_au": spoiled(t, np.nan, 3, 1, 0, 0)}, "frame 3, nucleus 1: .* finite"),
        (lambda t: {"efg_au": spoiled(t, 0.01, 2, 0, 0, 1)}, "frame 2, nucleus 0: .* symmetric"),
        (lambda t: {"efg_au": spoiled(t, 0.01, 4, 1, 2, 2)}, "nucleus 1: .* not traceless"),
        (lambda t: {"efg_au": t, "time_ps": np.arange(4.0)}, "4 times for 5 frames"),
        (lambda t: {"efg_au": t, "time_ps": [0, 1, 2, 3, 9.0]}, "frames are 1 to 6 ps apart"),
        (lambda t: {"efg_au": t, "time_ps": np.arange(5.0)}, "1 ps apart by time_ps, --dt-ps"),
        (lambda t: {"efg_au": t, "positions_A": np.ones((5, 3, 3))}, "those of the nuclei"),
        (lambda t: {"efg_au": t, "positions_A": np.full((5, 2, 3), np.inf)}, "not finite"),
        (lambda t: {"efg_au": t, "cell_A": np.ones(3)}, r"cell_A of shape \(3,\)"),
    ],
)
def test_wrong_arrays_are_named(arrays, words, tensors, tmp_path):
    path = written(tmp_path / "a.npz", **arrays(tensors))
    with pytest.raises(InputError, match=words) as found:
        read_runs([path], LI7, 0.5)
    assert str(path) in str(found.value) or "ps apart" in str(found.value)


def test_files_that_are_none_are_named(tensors, tmp_path):
    (tmp_path / "a.npz").write_text("no archive")
    (tmp_path / "a.extxyz").write_text("no frames\n")
    (tmp_path / "a.parquet").write_text("no table")
    for name, words in (
        ("a.npz", "cannot be read"),
        ("a.extxyz", "cannot be read"),
        ("a.parquet", "cannot be read"),
        ("b.npz", "no such file"),
        ("b.txt", "npz, parquet or extxyz"),
    ):
        with pytest.raises(InputError, match=words):
            read_runs([tmp_path / name], LI7, 1.0)
    with pytest.raises(InputError, match="no time_ps; give the time between frames with --dt-ps"):
        read_runs([written(tmp_path / "c.npz", efg_au=tensors)], LI7)


def test_objects_in_an_npz_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", efg_au=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="cannot be read"):
        read_runs([tmp_path / "a.npz"], LI7, 1.0)


def test_rounding_is_taken_out(tensors, tmp_path):
    rounded = spoiled(spoiled(tensors, 1e-6, 0, 0, 0, 1), 1e-6, 1, 1, 2, 2)
    (run,) = read_runs([written(tmp_path / "a.npz", efg_au=rounded)], LI7, 1.0)
    assert np.abs(np.trace(run.tensors_au, axis1=2, axis2=3)).max() < 1e-16
    assert np.array_equal(run.tensors_au, np.swapaxes(run.tensors_au, 2, 3))
