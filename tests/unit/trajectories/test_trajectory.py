import numpy as np
import pytest

from ionshift.core.errors import InputError
from ionshift.trajectories.trajectory import Trajectory


def test_reads_molecules_and_frames(known_box):
    trajectory = Trajectory(*known_box)
    assert len(trajectory) == 2
    assert trajectory.molecule_name.tolist() == ["LI", "DME", "FSI", "DME"]
    assert [len(atoms) for atoms in trajectory.atoms_of] == [1, 16, 9, 16]
    assert [frame.time_ps for frame in trajectory.frames()] == [0.0, 1.0]
    assert np.allclose(trajectory.frame(1).cell_A, np.diag([20.0, 20.0, 20.0]))


def test_empty_trajectory_is_refused(known_box, tmp_path):
    topology, _ = known_box
    empty = tmp_path / "empty.xtc"
    empty.touch()
    with pytest.raises(InputError, match=r"empty\.xtc is missing or empty; .*rerun the MD"):
        Trajectory(topology, empty)


def test_truncated_trajectory_is_refused(known_box, tmp_path):
    topology, trajectory = known_box
    broken = tmp_path / "broken.xtc"
    broken.write_bytes(trajectory.read_bytes()[:50])
    with pytest.raises(InputError, match=r"broken\.xtc"):
        Trajectory(topology, broken)
