"""Training on files that did not come from the workflow."""

from multiprocessing import get_context

import ase.io
import numpy as np
import pytest
from ase import Atoms
from test_labels import SMALL as PROTOCOL
from test_labels import lithium_water

from ionshift.config.descriptor import Descriptor
from ionshift.config.model import Model
from ionshift.core.errors import InputError
from ionshift.labels import sets, workers
from ionshift.labels import store as labels_store
from ionshift.labels.shieldings import label_clusters
from ionshift.learning.committee import Committee
from ionshift.learning.extxyz import read_environments, train_from_extxyz

SMALL = {
    "model": Model(recipe="krr", committee_size=3, target_rmse_ppm=None),
    "descriptor": Descriptor(n_grid=20),
    "log": lambda text: None,
}


def frames(n, periodic=False):
    """Two F and an O at random distances; the target of F is its distance to O, in A."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(n):
        x = rng.uniform(1.5, 2.5, size=2)
        atoms = Atoms("OFF", positions=[[0, 0, 0], [x[0], 0, 0], [0, x[1], 0]])
        if periodic:
            atoms.set_cell([12.0] * 3)
            atoms.pbc = True
            atoms.positions += [11.9, 0.1, 6.0]
            atoms.wrap()
        atoms.arrays["sigma"] = np.array([np.nan, *x])
        atoms.info["batch"] = f"all/{number // 2}"
        made.append(atoms)
    return made


@pytest.fixture
def path(tmp_path):
    ase.io.write(tmp_path / "data.extxyz", frames(40), format="extxyz")
    return tmp_path / "data.extxyz"


def test_per_atom_target_is_learned(path, tmp_path):
    committee, study = train_from_extxyz(path, target="sigma", nucleus="F", **SMALL)
    test = study.metrics.set_index("part").loc["test"]
    assert test["rmse_ppm"] < 0.5 * test["baseline_rmse_ppm"]
    assert committee.metadata["n_labels"] == 80
    committee.save(tmp_path / "committee.pt")
    assert Committee.load(tmp_path / "committee.pt").metadata == committee.metadata


def test_nuclei_of_a_frame_stay_in_one_group(path):
    found = read_environments(path, "sigma", "F")
    assert found.groups[:4] == ["all/f0", "all/f0", "all/f1", "all/f1"]
    assert set(found.geometries.numbers[found.geometries.starts[:-1]]) == {9}
    assert read_environments(path, "sigma", "F", group="batch").groups[:5] == ["all/0"] * 4 + [
        "all/1"
    ]


def test_periodic_environments_are_cut_across_the_boundary(path, tmp_path):
    wrapped = tmp_path / "wrapped.extxyz"
    ase.io.write(wrapped, frames(40, periodic=True), format="extxyz")
    isolated = read_environments(path, "sigma", "F", radius_A=5.0).geometries
    cut = read_environments(wrapped, "sigma", "F", radius_A=5.0).geometries
    lengths = [np.sort(np.linalg.norm(part.positions_A, axis=1)) for part in (isolated, cut)]
    assert np.allclose(*lengths, atol=1e-6)


def test_periodic_frame_needs_a_radius(tmp_path):
    ase.io.write(tmp_path / "p.extxyz", frames(2, periodic=True), format="extxyz")
    with pytest.raises(InputError, match="entry 0 is periodic: set radius_A"):
        read_environments(tmp_path / "p.extxyz", "sigma", "F")


def test_target_of_a_frame_belongs_to_its_first_atom(tmp_path):
    made = frames(2)
    for atoms in made:
        atoms.info["shielding_ppm"] = 90.0
    ase.io.write(tmp_path / "info.extxyz", made, format="extxyz")
    found = read_environments(tmp_path / "info.extxyz", "shielding_ppm")
    assert found.targets.tolist() == [90.0, 90.0]
    assert found.geometries.numbers[0] == 8


def test_labels_that_are_not_ok_are_left_out(tmp_path):
    made = frames(3)
    for atoms, status in zip(made, ("ok", "unconverged", "ok"), strict=True):
        atoms.info["status"] = status
    ase.io.write(tmp_path / "set.extxyz", made, format="extxyz")
    assert (
        read_environments(tmp_path / "set.extxyz", "sigma").groups
        == ["all/f0"] * 2 + ["all/f2"] * 2
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sigma", "Li"), "no finite 'sigma' of Li"),
        (("charge_density", "F"), "no finite 'charge_density'"),
        (("sigma", "F", None, "colour"), "entry 0 has no 'colour' to group by"),
    ],
)
def test_missing_data_is_named(path, arguments, message):
    with pytest.raises(InputError, match=message):
        read_environments(path, *arguments)


def test_vector_target_is_refused(tmp_path):
    made = frames(2)
    made[0].arrays["sigma"] = np.zeros((3, 3))
    ase.io.write(tmp_path / "v.extxyz", made[:1], format="extxyz")
    with pytest.raises(InputError, match="one is needed"):
        read_environments(tmp_path / "v.extxyz", "sigma", "F")


def lithium_fluoride_water(distance_A, angle_deg):
    """LiF at a distance with a water on the other side of Li, turned out of the line."""
    atoms = lithium_water(1.95, charge=0)
    angle = np.radians(angle_deg)
    atoms += Atoms("F", [[-distance_A * np.cos(angle), distance_A * np.sin(angle), 0]])
    atoms.info["cluster_id"] = f"test/1M/r0/f{round(1000 * distance_A)}/n{angle_deg}"
    return atoms


def test_another_nucleus_from_labels_to_a_model(tmp_path, monkeypatch):
    """19F of LiF and a water: the same calculations as 7Li, then a model of F alone."""
    clusters = [
        lithium_fluoride_water(distance, angle)
        for distance in (1.55, 1.6, 1.65, 1.7, 1.75, 1.8)
        for angle in (0, 20, 40)
    ]
    monkeypatch.setattr(workers, "get_context", lambda method: get_context("fork"))
    store = labels_store.LabelStore(tmp_path / "store")
    table = label_clusters(clusters, PROTOCOL, store, log=print, elements=["F", "O"])
    sets.write_label_set(tmp_path / "set.extxyz", clusters, table)
    model = Model(recipe="krr", committee_size=3, target_rmse_ppm=None)
    committee, study = train_from_extxyz(
        tmp_path / "set.extxyz", nucleus="F", model=model, log=print
    )
    assert committee.metadata["n_labels"] == 18
    test = study.metrics.set_index("part").loc["test"]
    assert test["label_sd_ppm"] > 1
    assert test["rmse_ppm"] < 0.3 * test["baseline_rmse_ppm"]
    with pytest.raises(InputError, match=r"'shielding_ppm' of F, Li, O: .*--nucleus"):
        train_from_extxyz(tmp_path / "set.extxyz", model=model)
