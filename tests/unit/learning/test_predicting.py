"""Predictions of a trained model for the nuclei of a file."""

import ase.io
import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from test_extxyz import SMALL, frames
from typer.testing import CliRunner

from ionshift.cli.main import app
from ionshift.config.descriptor import Descriptor
from ionshift.core.errors import InputError
from ionshift.descriptors.geometry import Geometries
from ionshift.learning.extxyz import train_from_extxyz
from ionshift.learning.motifs import UNKNOWN, Motifs
from ionshift.learning.predicting import predict_extxyz


def written(folder, atoms, name="data.extxyz"):
    ase.io.write(folder / name, atoms, format="extxyz")
    return folder / name


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of F in frames OFF, whose target is the distance to O; its file."""
    folder = tmp_path_factory.mktemp("trained")
    committee, _ = train_from_extxyz(
        written(folder, frames(40)), target="sigma", nucleus="F", **SMALL
    )
    committee.save(folder / "committee.pt")
    return committee, folder / "committee.pt"


def test_every_nucleus_is_predicted_and_held_to_its_label(trained, tmp_path):
    path = written(tmp_path, frames(60)[40:])
    table = predict_extxyz(path, trained[0])
    assert table[["entry", "atom"]].head(3).to_numpy().tolist() == [[0, 1], [0, 2], [1, 1]]
    assert len(table) == 40
    errors = table["sigma_ppm"] - table["label_sigma_ppm"]
    np.testing.assert_allclose(table["error_sigma_ppm"], errors)
    assert 0 < np.sqrt(np.mean(errors**2)) < 0.5 * table["label_sigma_ppm"].std()
    assert (table["sigma_sd_ppm"] > 0).all()
    assert (table["extrapolation"] < 10).all()


def test_a_file_without_labels_has_no_errors(trained, tmp_path):
    bare = [Atoms(atoms.numbers, atoms.positions) for atoms in frames(3)]
    table = predict_extxyz(written(tmp_path, bare), trained[0])
    assert table.columns.tolist() == ["entry", "atom", "sigma_ppm", "sigma_sd_ppm", "extrapolation"]
    assert table["sigma_ppm"].notna().all()


def test_an_element_that_no_label_holds_has_no_prediction(trained, tmp_path):
    made = frames(3)
    made[1].numbers[0] = 16
    table = predict_extxyz(written(tmp_path, made), trained[0])
    strange = table["entry"] == 1
    assert table.loc[strange, "sigma_ppm"].isna().all()
    assert (table.loc[strange, "extrapolation"] == UNKNOWN).all()
    assert table.loc[~strange, "sigma_ppm"].notna().all()


def test_a_molecule_that_no_label_holds_is_far_outside(trained, tmp_path):
    """OF2 bonded as never before: a second O within a bond of the first."""
    made = frames(2)
    made[1] += Atoms("O", [[-1.2, 0, 0]])
    made[1].arrays["sigma"] = np.array([np.nan, 2.0, 2.0, np.nan])
    table = predict_extxyz(written(tmp_path, made), trained[0])
    assert table.groupby("entry")["extrapolation"].max().tolist()[1] == UNKNOWN
    assert table.loc[table["entry"] == 0, "extrapolation"].max() < UNKNOWN


def test_a_periodic_model_cuts_as_it_was_trained(tmp_path):
    path = written(tmp_path, frames(40, periodic=True))
    committee, _ = train_from_extxyz(path, target="sigma", nucleus="F", radius_A=5.0, **SMALL)
    isolated = predict_extxyz(written(tmp_path, frames(40), "isolated.extxyz"), committee)
    np.testing.assert_allclose(predict_extxyz(path, committee)["sigma_ppm"], isolated["sigma_ppm"])
    assert committee.metadata["motifs"] is None


def test_periodic_frames_are_no_clusters(trained, tmp_path):
    path = written(tmp_path, frames(2, periodic=True))
    with pytest.raises(InputError, match="entry 0 is periodic, but the model knows whole clusters"):
        predict_extxyz(path, trained[0])


def test_a_file_without_the_nucleus(trained, tmp_path):
    path = written(tmp_path, [Atoms("OH", [[0, 0, 0], [0, 0, 1.0]])])
    with pytest.raises(InputError, match="has no F, the nucleus of the model"):
        predict_extxyz(path, trained[0])


def with_trifluoromethyl(atoms):
    """FSI of a cluster made TFSI: each F becomes a C at 1.83 A from S, with three F."""
    symbols = np.array(atoms.get_chemical_symbols())
    changed = Atoms(symbols, atoms.positions)
    sulphur = atoms.positions[symbols == "S"]
    for i in np.flatnonzero(symbols == "F"):
        start = sulphur[np.argmin(np.linalg.norm(sulphur - atoms.positions[i], axis=1))]
        along = (atoms.positions[i] - start) / np.linalg.norm(atoms.positions[i] - start)
        across = np.cross(along, [0.3, 0.5, 0.8])
        across /= np.linalg.norm(across)
        changed.symbols[i] = "C"
        changed.positions[i] = start + 1.83 * along
        for angle in np.radians((0, 120, 240)):
            turned = np.cos(angle) * across + np.sin(angle) * np.cross(along, across)
            changed += Atoms("F", [changed.positions[i] + 1.33 * (0.34 * along + 0.94 * turned)])
    return changed


def test_an_anion_never_seen_is_far_outside_for_soap(tmp_path, root):
    """TFSI has the elements of FSI and DME: distances of SOAP vectors alone took it for known."""
    labels = ase.io.read(root / "resources/labels/lifsi_dme_fast_3.extxyz", ":60")
    committee, _ = train_from_extxyz(
        written(tmp_path, labels, "labels.extxyz"),
        nucleus="Li",
        model=SMALL["model"],
        descriptor=Descriptor(kind="soap", soap_n_max=4, soap_l_max=3),
        log=lambda text: None,
    )
    with_fsi = [atoms for atoms in labels if "F" in atoms.symbols][:5]
    foreign = written(tmp_path, [with_trifluoromethyl(atoms) for atoms in with_fsi])
    assert (predict_extxyz(foreign, committee)["extrapolation"] == UNKNOWN).all()
    known = written(tmp_path, with_fsi, "known.extxyz")
    assert (predict_extxyz(known, committee)["extrapolation"] < 1).all()
    motifs = committee.metadata.pop("motifs")
    assert "C: F3 S1" not in motifs
    assert (predict_extxyz(foreign, committee)["extrapolation"] < 1).any()


def test_the_command_writes_a_table_and_says_the_error(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, frames(60)[40:])
    run = CliRunner().invoke(app, ["predict", str(trained[1]), "data.extxyz", "out.csv"])
    assert run.exit_code == 0, run.output
    table = pd.read_csv("out.csv")
    rmse = np.sqrt(np.mean(table["error_sigma_ppm"] ** 2))
    assert f"against 40 labels: RMSE {rmse:.4g}" in run.output
    assert "40 nuclei, " in run.output


def test_motifs_are_named_by_element_and_neighbours():
    # CF3SO3-: C bonded to three F and S, S to C and three O (positions in A, tetrahedra).
    triflate = Atoms(
        "LiCSFFFOOO",
        [
            [9, 9, 9],
            [0, 0, 0],
            [0, 0, 1.83],
            *[[1.25 * np.cos(a), 1.25 * np.sin(a), -0.45] for a in (0, 2.094, 4.189)],
            *[[1.36 * np.cos(a), 1.36 * np.sin(a), 2.33] for a in (1.047, 3.142, 5.236)],
        ],
    )
    motifs = Motifs.of(Geometries.of([triflate]))
    assert motifs.names == ["C: F3 S1", "F: C1", "O: S1", "S: C1 O3"]
    broken = triflate.copy()
    broken.positions[3, :2] *= 3
    assert motifs.unknown(Geometries.of([triflate, broken])).tolist() == [False, True]
