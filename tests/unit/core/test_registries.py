"""Entries that come from outside, without an edit of a file, are configured and run."""

import ase.io
import MDAnalysis
import numpy as np
import pytest
from ase import Atoms
from pydantic import TypeAdapter, ValidationError

from ionshift.config.base import OneOf
from ionshift.config.descriptor import Descriptor
from ionshift.config.electrolyte import System
from ionshift.config.md import MD
from ionshift.config.model import Model
from ionshift.config.potential import Calculator
from ionshift.config.reference import Reference
from ionshift.config.registries.calculators import FAMILIES, Family
from ionshift.config.registries.descriptors import DESCRIPTORS
from ionshift.config.registries.engines import ENGINES, Engine
from ionshift.config.registries.properties import PROPERTIES, Property, of_column
from ionshift.config.registries.recipes import RECIPES
from ionshift.config.registries.references import REFERENCES, ReferenceCalculator
from ionshift.config.registries.samplers import SAMPLERS
from ionshift.config.sampling import Sampling
from ionshift.core.errors import InputError
from ionshift.core.registry import Entry, Registry
from ionshift.learning.committee import Committee
from ionshift.learning.extxyz import train_from_extxyz
from ionshift.md import driver
from ionshift.potential_training.reference import ReferenceTask
from ionshift.potential_training.references.settings import effective
from ionshift.potentials import calculators
from ionshift.solvation import sampling
from ionshift.systems import packing

TABLES = [DESCRIPTORS, FAMILIES, ENGINES, RECIPES, REFERENCES, SAMPLERS]


@pytest.fixture
def register():
    """Function that registers an entry for the length of a test."""
    added = []

    def add(registry, entry):
        registry.register(entry)
        added.append((registry, entry.name))

    yield add
    for registry, name in added:
        registry.remove(name)


def test_a_name_is_imported_when_it_is_used():
    fruits = Registry("garden.fruit", Entry("pear", "no_such_module:Pear"))
    assert fruits.names() == ["pear"]
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        fruits.get("pear").load()
    assert Entry("root", "math:sqrt").load()(9.0) == 3.0


def test_an_unknown_name_is_told_with_key_value_names_and_the_closest():
    with pytest.raises(InputError) as error:
        ENGINES.get("gromax")
    assert str(error.value) == (
        "md.engine = 'gromax': unknown name (did you mean 'gromacs'?); known are openmm, gromacs, "
        "potential"
    )


def test_a_name_is_registered_once():
    with pytest.raises(InputError, match=r"model\.recipe: 'krr' is registered already"):
        RECIPES.register(Entry("krr", "toys:Line"))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.key)
def test_every_entry_can_be_imported(table):
    assert len(table.names()) >= 3
    for entry in table:
        assert callable(entry.load())


@pytest.mark.parametrize(
    ("block", "key"),
    [
        (MD, "engine"),
        (Model, "recipe"),
        (Descriptor, "kind"),
        (Sampling, "method"),
        (Reference, "calculator"),
    ],
)
def test_the_configuration_checks_names(block, key):
    with pytest.raises(ValidationError, match="unknown name; known are"):
        block(**{key: "xyzzy"})


def test_the_schema_offers_what_is_registered(register):
    adapter = TypeAdapter(MD)
    register(ENGINES, Engine("ideal_gas", "toys:IdealGas"))
    assert MD(engine="ideal_gas").engine == "ideal_gas"
    schema = OneOf(ENGINES).__get_pydantic_json_schema__({}, lambda s: {"type": "string"})
    assert schema["enum"] == ["openmm", "gromacs", "potential", "ideal_gas"]
    assert "openmm" in adapter.json_schema()["properties"]["engine"]["enum"]


def test_an_engine_from_outside_runs_a_box(register, electrolyte, tmp_path):
    register(ENGINES, Engine("ideal_gas", "toys:IdealGas"))
    box = System(counts={"LI": 1, "FSI": 1, "DME": 4}, density_g_cm3=0.6)
    md = MD(
        engine="ideal_gas",
        cutoff_A=5.0,
        npt_ps=0.4,
        anneal_ps=0.0,
        density_ps=0.4,
        nvt_ps=0.2,
        production_ps=0.4,
        frame_interval_ps=0.1,
        checkpoint_interval_ps=0.2,
    )
    packed = tmp_path / "packed.pdb"
    packing.pack_box(electrolyte, box, seed=1, out_pdb=packed)
    summary = driver.run(
        md.engine, electrolyte, box, md, packed, tmp_path / "run", 7, log=lambda line: None
    )
    assert summary["engine"] == "ideal_gas"
    assert summary["versions"]["ideal_gas"] == "1"
    universe = MDAnalysis.Universe(
        str(tmp_path / "run/topology.pdb"), str(tmp_path / "run/trajectory.xtc")
    )
    lithium = universe.select_atoms("resname LI")
    places = np.array([lithium.positions[0] for _ in universe.trajectory])
    steps = np.diff(places, axis=0) / universe.dimensions[:3]
    steps = (steps - np.rint(steps)) * universe.dimensions[:3]
    assert len(places) == 4
    assert np.linalg.norm(steps[0]) > 0.05
    assert np.allclose(steps, steps[0], atol=0.03)


def couplings(n):
    """C with two H; the coupling is 10 kHz per A of distances, with noise of 0.1 kHz."""
    rng = np.random.default_rng(0)
    frames = []
    for number in range(n):
        x, y = rng.uniform(1.0, 2.0, size=2)
        atoms = Atoms("CHH", positions=[[0, 0, 0], [x, 0, 0], [0, y, 0]])
        atoms.info["coupling_kHz"] = 10 * (x + y) + 0.1 * rng.normal()
        atoms.info["group"] = f"s{number % 2}/{number // 4}"
        frames.append(atoms)
    return frames


def test_property_recipe_and_descriptor_from_outside_are_learned(register, tmp_path):
    register(PROPERTIES, Property("coupling", "kHz", per="structure"))
    register(RECIPES, Entry("line", "toys:Line"))
    register(DESCRIPTORS, Entry("distances", "toys:Distances"))
    ase.io.write(tmp_path / "data.extxyz", couplings(160), format="extxyz")
    committee, study = train_from_extxyz(
        tmp_path / "data.extxyz",
        target="coupling_kHz",
        unit="kHz",
        nucleus="C",
        group="group",
        model=Model(recipe="line", committee_size=4),
        descriptor=Descriptor(kind="distances"),
        log=lambda text: None,
    )
    test = study.metrics.set_index("part").loc["test"]
    assert 0.07 < test["rmse_kHz"] < 0.14
    assert test["baseline_rmse_kHz"] > 2.0
    assert {"label_kHz", "predicted_kHz", "predicted_sd_kHz"} <= set(study.parity.columns)
    tables = (study.metrics, study.parity, study.learning_curve)
    assert not [name for table in tables for name in table.columns if "ppm" in name]
    assert 0.4 < study.learning_curve["rmse_kHz"].iloc[-1] / 0.1 < 1.4
    committee.save(tmp_path / "committee.pt")
    loaded = Committee.load(tmp_path / "committee.pt")
    assert loaded.quantity == Property("coupling", "kHz", per="structure")
    assert loaded.metadata["mean_coupling_kHz"] == pytest.approx(30.0, abs=1.0)
    assert loaded.predict([[3.2, 0.0]])[0] == pytest.approx(32.0, abs=0.2)


def test_a_column_without_an_entry_makes_its_property():
    assert of_column("shielding_ppm").task == "ionshift.labels.shieldings"
    assert of_column("tensor_Hz", "Hz").column("rmse") == "rmse_Hz"
    assert of_column("tensor_Hz", "Hz").name == "tensor"


def test_a_sampler_from_outside_chooses(register):
    register(SAMPLERS, Entry("last", "toys:last_members"))
    assert Sampling(method="last").method == "last"
    chosen = sampling.choose("last", 2, ["CIP"] * 5, range(5), lambda: None, seed=1)
    assert chosen == [3, 4]


def test_a_reference_calculator_from_outside_labels_a_frame(register):
    register(REFERENCES, ReferenceCalculator("springs", "toys:springs", settings=("accuracy",)))
    settings = Reference(calculator="springs", accuracy=2.0)
    assert effective(settings) == {"calculator": "springs", "accuracy": 2.0, "max_cycles": 250}
    record = ReferenceTask(settings).compute(Atoms("H2", [[0, 0, 0], [0, 0, 2]]), None)
    assert record["status"] == "ok"
    assert record["energy_eV"] == pytest.approx(4.0)
    assert record["forces_eV_A"] == [[0, 0, 0], [0, 0, -4]]


def test_a_family_from_outside_is_built(register):
    register(FAMILIES, Family("spring", "toys:spring_family", ("ase",), model="none"))
    given = Calculator(kind="spring")
    assert given.files() == []
    calculator = calculators.build_plain(given, ["H"])
    assert calculator.k == 3.0
    with pytest.raises(InputError, match="does not cover Li; it knows H"):
        calculators.build_plain(given, ["Li"])
    with pytest.raises(ValidationError, match="kind spring takes none"):
        Calculator(kind="spring", model="file.model")
