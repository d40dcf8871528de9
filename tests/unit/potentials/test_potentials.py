"""Calculators by one entry of the configuration: what is built, and every mistake in it."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from pydantic import ValidationError

from ionshift.config.md import PotentialMD
from ionshift.config.potential import Potential
from ionshift.core.errors import InputError
from ionshift.potentials import calculators
from ionshift.potentials.timestep import check_timestep

SPRINGS = str(Path(__file__).parents[1] / "springs.py")


def springs(name="make", **options):
    return Potential(kind="python", model=f"{SPRINGS}:{name}", options=options)


@pytest.fixture
def water():
    atoms = molecule("H2O", cell=[8.0] * 3, pbc=True)
    atoms.rattle(0.05, seed=1)
    return atoms


# ---------------------------------------------------------------- what is built


def test_emt_is_that_of_ase():
    copper = bulk("Cu", cubic=True) * (2, 2, 2)
    copper.calc = calculators.build(Potential(kind="emt"), ["Cu"])
    assert copper.get_potential_energy() / len(copper) == pytest.approx(-0.006, abs=0.005)


def test_tblite_gives_the_energy_of_its_documentation():
    """GFN1-xTB of ASE's water molecule: docstring of tblite.ase."""
    water = molecule("H2O")
    water.calc = calculators.build(Potential(), ["H", "O"])
    assert water.get_potential_energy() == pytest.approx(-156.96750590276173, abs=1e-5)
    assert calculators.versions(Potential()).keys() == {"tblite"}


def test_options_reach_the_calculator():
    hot = Potential(options={"electronic_temperature": 3000.0})
    assert calculators.build(hot, ["O"]).parameters["electronic_temperature"] == 3000.0


def test_python_callables_from_a_file_and_from_a_module():
    from_file = calculators.build(springs(scale=2.0), ["Li"])
    assert (from_file.scale, from_file.device) == (2.0, "cpu")
    by_name = Potential(kind="python", model="springs:make", device="cpu")
    assert calculators.build(by_name, ["Li"]).scale == 1.0


def test_files_that_a_rule_has_to_follow():
    assert Potential(kind="mace", model="a.model").files() == ["a.model"]
    assert Potential(kind="python", model="a/b.py:make").files() == ["a/b.py"]
    assert Potential(kind="python", model="a.b:make").files() == []
    assert Potential().files() == Potential(kind="emt").files() == []


# ---------------------------------------------------------------- mistakes in the entry


def refused(potential, elements=("H", "O")):
    with pytest.raises(InputError) as caught:
        calculators.build(potential, elements)
    return str(caught.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "mace"}, "model is not given, kind mace needs a .model file"),
        ({"kind": "emt", "model": "x"}, "kind emt takes none"),
        ({"model": "GFN9-xTB"}, "'GFN9-xTB' is no method of tblite; take GFN1-xTB"),
        ({"kind": "reaxff"}, "mace"),
        ({"dtype": "float16"}, "float32"),
    ],
)
def test_entries_that_cannot_be_meant(entry, words):
    with pytest.raises(ValidationError, match=words.replace(".", r"\.")):
        Potential(**entry)


def test_missing_file():
    text = refused(Potential(kind="mace", model="none.model"))
    assert "potential.model = 'none.model': no file none.model" in text


def test_elements_that_are_not_covered():
    text = refused(Potential(kind="emt"), ["Cu", "Li", "F"])
    assert "does not cover F, Li; it knows Ag, Al, Au" in text


def test_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(calculators, "cuda_is_there", lambda: False)
    assert "potential.device = 'cuda': no CUDA device" in refused(springs().model_copy(
        update={"device": "cuda"}
    ))  # fmt: skip
    assert "kind tblite runs on the CPU alone" in refused(Potential(device="cuda"))


def test_gpu_is_taken_where_there_is_one(monkeypatch):
    monkeypatch.setattr(calculators, "cuda_is_there", lambda: True)
    assert calculators.build(springs(), ["Li"]).device == "cuda"


def test_missing_package_names_the_environment(tmp_path, monkeypatch):
    model = tmp_path / "frozen.pth"
    model.touch()

    def absent(name):
        raise ModuleNotFoundError(f"No module named '{name.split('.')[0]}'")

    monkeypatch.setattr(calculators.importlib, "import_module", absent)
    text = refused(Potential(kind="deepmd", model=str(model), device="cpu"))
    assert "deepmd-kit cannot be imported" in text
    assert "envs/potential_deepmd.yaml" in text


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("springs", "no module is named"),
        ("no_such_module:make", "No module named 'no_such_module'"),
        (f"{SPRINGS}:missing", "has no callable 'missing'"),
        (f"{SPRINGS}:STIFFNESS_eV_A2", "has no callable"),
        (f"{SPRINGS}:make_nothing", "returned a str, not an ASE calculator"),
    ],
)
def test_python_entries_that_lead_nowhere(model, words):
    assert words in refused(Potential(kind="python", model=model))


def test_options_that_the_calculator_does_not_have():
    assert "unexpected keyword argument 'colour'" in refused(springs(colour="red"))


class Gone:
    """A class that the library no longer has when the model is read."""


@pytest.mark.parametrize("content", ["text", "pickle"])
def test_model_that_the_installed_version_cannot_read(content, tmp_path, monkeypatch):
    model = tmp_path / "old.model"
    model.write_bytes(b"text" if content == "text" else pickle.dumps(Gone()))
    monkeypatch.delattr(__import__(__name__), "Gone")
    text = refused(Potential(kind="mace", model=str(model), device="cpu"))
    assert f"potential.model = '{model}': mace cannot use it" in text
    assert "written by another version than the one installed (mace-torch 0." in text


# ---------------------------------------------------------------- the first evaluation


def test_sound_forces_pass(water):
    for potential in (springs(), Potential()):
        calculators.check(calculators.build(potential, ["H", "O"]), potential, water)


def test_forces_at_rest_are_checked_away_from_it():
    copper = bulk("Cu", cubic=True) * (2, 2, 2)
    emt = Potential(kind="emt")
    calculators.check(calculators.build(emt, ["Cu"]), emt, copper, bonded=False)
    assert np.allclose(copper.positions, (bulk("Cu", cubic=True) * (2, 2, 2)).positions)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale_forces": 1 / 0.529177}, "not the slope of its energy"),
        ({"scale_forces": -1.0}, "not the slope of its energy"),
        ({"scale": 96.485}, "root mean square"),
        ({"scale": 1 / 27.2114 * 0.529177}, "root mean square"),
        ({"fail_at": 1, "failure": "nan"}, "not finite"),
        ({"fail_at": 1, "failure": "energy nan"}, "not finite"),
        ({"fail_at": 1, "failure": "error"}, "RuntimeError: SCF not converged"),
    ],
)
def test_numbers_that_cannot_be_eV_and_angstrom(options, words, water):
    potential = springs(**options)
    calculator = calculators.build(potential, ["H", "O"])
    with pytest.raises(InputError, match=words):
        calculators.check(calculator, potential, water)


def test_forces_in_another_unit_of_length_are_told_with_their_ratio(water):
    potential = springs(scale_forces=2.0)
    with pytest.raises(InputError, match=r"ratio 2\)"):
        calculators.check(calculators.build(potential, ["H", "O"]), potential, water)


# ---------------------------------------------------------------- time steps


@pytest.mark.parametrize(
    ("step_fs", "hydrogen_amu", "elements", "fine"),
    [
        (1.0, None, ["H", "Li"], True),
        (1.01, None, ["H", "Li"], False),
        (1.7, 3.0, ["H", "Li"], True),
        (1.8, 3.0, ["H", "Li"], False),
        (2.0, None, ["Li", "P", "S"], True),
    ],
)
def test_time_steps_that_bonds_to_hydrogen_bear(step_fs, hydrogen_amu, elements, fine):
    own = PotentialMD(timestep_fs=step_fs, hydrogen_mass_amu=hydrogen_amu)
    if fine:
        check_timestep(own, elements)
    else:
        with pytest.raises(InputError, match=r"potential_md\.timestep_fs = 1\.\d+: bonds to hyd"):
            check_timestep(own, elements)


def test_atoms_are_not_changed_by_the_check(water):
    before = water.copy()
    calculators.check(calculators.build(springs(), ["H"]), springs(), water)
    assert isinstance(water, Atoms) and np.array_equal(water.positions, before.positions)
