"""A tiny MACE trained on a few xTB frames: it learns, stops, goes on after a kill, runs MD."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_reference import lithium_fluoride

from ionshift.config.potential import Potential
from ionshift.config.potential_training import PotentialModel, PotentialValidation
from ionshift.config.reference import Reference
from ionshift.core.errors import InputError
from ionshift.potential_training import evaluation, frames, reference, training, validation
from ionshift.potentials import calculators

ELEMENTS = ["F", "H", "Li"]
TINY = PotentialModel(
    channels=4,
    max_ell=1,
    correlation=1,
    n_layers=1,
    n_radial=4,
    cutoff_A=3.0,
    batch_size=6,
    max_epochs=12,
    patience=12,
    learning_rate=0.02,
    dtype="float64",
)


def distorted(n, periodic=True):
    """Frames in groups of three."""
    rng = np.random.default_rng(5)
    made = []
    for i in range(n):
        atoms = lithium_fluoride()
        atoms.arrays["molecule"] = np.array([0, 1, 2, 2])
        atoms = frames.distorted(atoms, 0.1, 0.02, rng)
        atoms.info = {
            "frame_id": f"box/r0/f{i}",
            "system": "box",
            "origin": "md",
            "group": f"box/r0/b{i // 3}",
        }
        if not periodic:
            atoms.set_cell(None)
            atoms.pbc = False
        made.append(atoms)
    return made


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Eighteen frames in six groups, by GFN1-xTB."""
    made = distorted(18)
    store = reference.open_store(tmp_path_factory.mktemp("store"))
    task = reference.ReferenceTask(Reference())
    found, table = reference.label_frames(made, task, store, log=lambda text: None)
    atoms = reference.isolated_atoms(ELEMENTS, task, store, log=lambda text: None)
    assert (table["status"] == "ok").all()
    return found, atoms


@pytest.fixture(scope="module")
def trained(labelled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return training.train(labelled[0], TINY, 0, 1.0, None, folder, log=print)


def test_training_lowers_the_errors(labelled, trained):
    model, epochs = trained
    assert epochs["epoch"].tolist() == list(range(TINY.max_epochs))
    assert epochs["force_rmse_meV_A"].iloc[-1] < 0.8 * epochs["force_rmse_meV_A"].iloc[0]
    potential = Potential(kind="mace", model=str(model), device="cpu")
    calculator = calculators.build(potential, ELEMENTS)
    predicted = evaluation.predict(calculator, labelled[0])
    parts = training.split(labelled[0], TINY)
    table = evaluation.metrics(labelled[0], parts, {"member0": predicted})
    force = table[(table["quantity"] == "force") & (table["element"] == "all")]
    assert (force["rmse"] < force["reference_sd"]).all()
    # The errors that mace-torch reports of its validation frames are those of our tables.
    valid = training.split(labelled[0], TINY, 0)["valid"]
    ours = evaluation.metrics(labelled[0], {"valid": valid}, {"member0": predicted})
    ours = ours[(ours["quantity"] == "force") & (ours["element"] == "all")]["rmse"].iloc[0]
    assert ours == pytest.approx(epochs["force_rmse_meV_A"].min(), rel=0.02)


def test_trained_potential_runs_and_repels(labelled, trained):
    potential = Potential(kind="mace", model=str(trained[0]), device="cpu")
    calculator = calculators.build(potential, ELEMENTS)
    settings = PotentialValidation(nve_ps=0.02, nve_timestep_fs=0.2)
    start, lengths_A = validation.start_of_run(labelled[0], [0])
    nve = validation.run_nve(calculator, start, lengths_A, settings)
    assert nve["time_ps"].max() == pytest.approx(0.02)
    assert np.abs(nve["total_meV_atom"]).max() < 5
    scan = validation.scan_repulsion(calculator, ELEMENTS, settings)
    assert scan["pair"].nunique() == 6
    last = scan.groupby("pair")["energy_eV"].last()
    assert (last > 0.3).all()  # the screened nuclear repulsion is in


def test_clusters_without_a_stress_train_as_well(tmp_path):
    store = reference.open_store(tmp_path / "store")
    clusters, table = reference.label_frames(
        distorted(12, periodic=False), reference.ReferenceTask(Reference()), store, log=print
    )
    assert (table["status"] == "ok").all() and "REF_stress" not in clusters[0].info
    settings = TINY.model_copy(update={"max_epochs": 6, "stress_weight": 0.0})
    model, epochs = training.train(clusters, settings, 0, 1.0, None, tmp_path / "run", log=print)
    assert epochs["force_rmse_meV_A"].iloc[-1] < epochs["force_rmse_meV_A"].iloc[0]
    potential = Potential(kind="mace", model=str(model), device="cpu")
    predicted = evaluation.predict(calculators.build(potential, ELEMENTS), clusters[:2])
    assert np.isfinite(predicted.energy_eV).all()


@pytest.mark.slow
def test_patience_ends_the_training(labelled, tmp_path):
    """mace-torch itself would go on to the last epoch."""
    impatient = TINY.model_copy(
        update={"patience": 2, "max_epochs": 2000, "learning_rate": 0.5, "stress_weight": 0.0}
    )
    messages = []
    model, epochs = training.train(
        labelled[0], impatient, 1, 1.0, labelled[1], tmp_path, log=messages.append
    )
    assert len(epochs) < 1000
    assert "no better validation loss for 2 epochs" in messages[-1]
    potential = Potential(kind="mace", model=str(model), device="cpu")
    calculator = calculators.build(potential, ELEMENTS)
    # Computed energies of single atoms are what the model gives for one.
    atom = reference.isolated_atom("Li")
    atom.set_cell([20.0] * 3)
    atom.calc = calculator
    assert atom.get_potential_energy() == pytest.approx(labelled[1]["Li"], abs=30)


KILLED = """
import sys
sys.path[:0] = {paths!r}
from ionshift.potential_training import frames, training
from test_mace_training import TINY
settings = TINY.model_copy(update={{"max_epochs": 30, "patience": 30}})
training.train(frames.read({frames!r}), settings, 0, 1.0, None, {folder!r}, log=print)
"""


@pytest.mark.slow
def test_killed_training_goes_on(labelled, tmp_path, root):
    path, folder = tmp_path / "frames.extxyz", tmp_path / "work"
    frames.write(path, labelled[0])
    script = KILLED.format(
        paths=[str(root / "scripts"), str(root / "tests/unit"), str(Path(__file__).parent)],
        frames=str(path),
        folder=str(folder),
    )
    command = [sys.executable, "-c", script]
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + 300
    while len(list(folder.glob("*/checkpoints/*.pt"))) < 3:
        assert process.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (work,) = folder.iterdir()
    newest = max(work.glob("checkpoints/*.pt"), key=lambda p: int(p.stem.split("-")[-1]))
    newest.write_bytes(newest.read_bytes()[:-1000])  # cut off by the kill
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "was cut off, going on from the one before" in done.stdout
    assert "Loading checkpoint" in (work / "mace.log").read_text()
    assert (work / "potential.model").is_file()
    assert not (work / "checkpoints").exists()


def test_failed_training_shows_its_last_lines(labelled, tmp_path):
    wrong = TINY.model_copy(update={"dtype": "float16"})
    with pytest.raises(InputError, match=r"(?s)mace-torch ended with 2; see .*float16"):
        training.train(labelled[0], wrong, 0, 1.0, None, tmp_path, log=print)
