"""Files of frames as an MD leaves them, in cells of any shape."""

import json
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from MDAnalysis.lib.formats.libmdaxdr import XTCFile

from ionshift.systems.electrolyte import build_topology, write_pdb
from molecules import place

PRECISION_PER_NM = 10000.0
COUNTS = {"LI": 2, "FSI": 2, "DME": 2}


@st.composite
def unimodular(draw):
    """Whole-number matrices (3, 3) with determinant 1: the same lattice by other vectors."""
    matrix = np.eye(3, dtype=int)
    for _ in range(draw(st.integers(1, 4))):
        row, other = draw(st.permutations(range(3)))[:2]
        shear = np.eye(3, dtype=int)
        shear[row, other] = draw(st.integers(-2, 2))
        matrix = shear @ matrix
    return matrix


def write_xtc(path, frames_A, cell_A, interval_ps=1.0, times_ps=None):
    """Write frames (n_frames, n_atoms, 3) with the cell vectors (3, 3) as they are."""
    if times_ps is None:
        times_ps = interval_ps * np.arange(1, len(frames_A) + 1)
    with XTCFile(str(path), "w") as file:
        for number, (positions_A, time_ps) in enumerate(zip(frames_A, times_ps, strict=True)):
            positions_nm, cell_nm = np.asarray(positions_A) / 10, np.asarray(cell_A) / 10
            file.write(positions_nm, cell_nm, number, time_ps, PRECISION_PER_NM)
    return path


def write_summary(folder, n_frames, n_atoms, interval_ps=1.0, **more):
    """Write what the MD says of its trajectory, the keys that files are held to."""
    said = {"n_frames": n_frames, "n_atoms": n_atoms, "frame_interval_ps": interval_ps}
    path = Path(folder) / "md_summary.json"
    path.write_text(json.dumps(said | more))
    return path


def run_frames(n_frames=10, edge_A=20.0, seed=0):
    """Frames (n_frames, n_atoms, 3) of the molecules `COUNTS`, each near its own place."""
    rng = np.random.default_rng(seed)
    names = [name for name, number in COUNTS.items() for _ in range(number)]
    start_A = np.concatenate(
        [place(name, 0, rng.uniform(0, edge_A, 3)).positions for name in names]
    )
    return [start_A + 0.05 * number for number in range(n_frames)]


def write_run(folder, electrolyte, frames_A, edge_A=20.0, interval_ps=0.5):
    """Write topology, trajectory and summary of a finished MD of `COUNTS`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    topology, cell_A = build_topology(electrolyte, COUNTS), np.diag([edge_A] * 3)
    write_pdb(topology, frames_A[0], edge_A, folder / "topology.pdb")
    write_xtc(folder / "trajectory.xtc", frames_A, cell_A, interval_ps)
    size = (len(frames_A), len(frames_A[0]), interval_ps)
    summary = write_summary(folder, *size, counts=COUNTS, box_edge_A=edge_A)
    return folder / "topology.pdb", folder / "trajectory.xtc", summary
