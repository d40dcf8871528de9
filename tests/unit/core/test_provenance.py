import os
import shutil
import subprocess
import sys

import pytest

from ionshift.config.registries.calculators import FAMILIES
from ionshift.config.registries.descriptors import DESCRIPTORS
from ionshift.config.registries.recipes import RECIPES
from ionshift.config.registries.samplers import SAMPLERS
from ionshift.core import provenance
from ionshift.core.errors import InputError


def reached(root, script, *modules):
    return provenance.reachable(root / "scripts" / f"{script}.py", modules)


def test_modules_behind_a_script(root):
    assert "figures/shifts.py" in reached(root, "figures/draw", "ionshift.figures.shifts")
    assert "dft/giao.py" in reached(root, "labelling/label_shard")
    assert "descriptors/geometry.py" in reached(root, "inference/predict_shifts")


def test_figures_do_not_depend_on_physics_and_training_not_on_dft(root):
    physics = {"trajectories/trajectory.py", "learning/committee.py", "labels/store.py"}
    assert not physics & reached(root, "figures/draw", "ionshift.figures.shifts")
    assert not any(name.startswith("dft/") for name in reached(root, "training/train_model"))
    assert not any(name.startswith("md/") for name in reached(root, "labelling/label_shard"))


def test_the_engine_in_use_counts_with_what_it_alone_imports(root):
    with_force_field = reached(root, "md/run_md", "ionshift.md.engines.openmm")
    with_potential = reached(root, "md/run_md", "ionshift.md.engines.potential")
    added = with_potential - with_force_field
    assert added >= {"md/engines/potential.py", "potentials/calculators.py"}
    assert not added & reached(root, "md/run_md", "ionshift.md.engines.gromacs")
    assert "md/engines/openmm.py" in with_potential


def test_the_family_of_the_potential_in_use_counts_alone(root):
    engine, family = "ionshift.md.engines.potential", FAMILIES.get("mace").module
    found = reached(root, "md/run_md", engine, family)
    assert "potentials/families/mace.py" in found
    assert [name for name in found if name.startswith("potentials/families/")] == [
        "potentials/families/mace.py"
    ]


@pytest.mark.parametrize("method", SAMPLERS.names())
def test_the_sampler_in_use_counts_alone(root, method):
    found = reached(root, "sampling/sample_clusters", SAMPLERS.get(method).module)
    assert [name for name in found if name.startswith("solvation/samplers/")] == [
        f"solvation/samplers/{method}.py"
    ]


def test_only_the_recipe_and_the_descriptor_in_use_count(root):
    recipe, descriptor = RECIPES.get("krr").module, DESCRIPTORS.get("lmbtr").module
    found = reached(root, "training/train_model", recipe, descriptor)
    assert {"learning/recipes/krr.py", "descriptors/lmbtr_kernel.py"} <= found
    assert not {"learning/recipes/mlp.py", "descriptors/soap.py"} & found


def test_imports_for_types_alone_do_not_count(tmp_path):
    script = tmp_path / "script.py"
    body = "from ionshift.learning import splits\n{guard}:\n    from ionshift.dft import efg\n"
    start = "from typing import TYPE_CHECKING\n"
    script.write_text(start + body.format(guard="if TYPE_CHECKING"))
    found = provenance.reachable(script)
    assert "learning/splits.py" in found and "dft/efg.py" not in found
    script.write_text(start + body.format(guard="if not TYPE_CHECKING"))
    assert "dft/efg.py" in provenance.reachable(script)


@pytest.mark.parametrize(("recipe", "changes"), [("krr", True), ("mlp", False)])
def test_an_edit_of_krr_changes_the_training_by_krr_alone(tmp_path, root, recipe, changes):
    shutil.copytree(root / "scripts", tmp_path / "scripts")
    before = hash_of_training(tmp_path, recipe)
    with open(tmp_path / "scripts/ionshift/learning/recipes/krr.py", "a") as file:
        file.write("# another version\n")
    assert (hash_of_training(tmp_path, recipe) != before) == changes


@pytest.mark.parametrize(
    ("script", "module", "constant", "other"),
    [
        ("training/train_model", "descriptors/settings", '"n_grid": 200', '"n_grid": 100'),
        ("inference/predict_shifts", "descriptors/settings", '"n_grid": 200', '"n_grid": 100'),
        (
            "geometry_optimization/optimize_clusters",
            "labels/optimization_settings",
            'exclude={"device"}',
            "exclude=set()",
        ),
        (
            "potential_training/label_frames",
            "potential_training/references/settings",
            '"max_cycles", ',
            "",
        ),
    ],
)
def test_an_edit_of_what_settings_stand_for_changes_what_uses_them(
    tmp_path, root, script, module, constant, other
):
    shutil.copytree(root / "scripts", tmp_path / "scripts")
    before = hash_of(tmp_path, script)
    path = tmp_path / "scripts/ionshift" / f"{module}.py"
    text = path.read_text()
    assert constant in text
    path.write_text(text.replace(constant, other))
    assert hash_of(tmp_path, script) != before


def hash_of(folder, script):
    """Hash of a script in the copy of the library that lies in `folder`."""
    call = f"from ionshift.core.provenance import code_hash;print(code_hash('scripts/{script}.py'))"
    environment = os.environ | {"PYTHONPATH": str(folder / "scripts")}
    return subprocess.run(
        [sys.executable, "-c", call],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize("room", ["config", "core"])
def test_what_does_not_count_holds_no_default_block_of_science(root, room):
    """Constants of science belong where the hash sees them."""
    for path in (root / "scripts/ionshift" / room).rglob("*.py"):
        for name in ("def effective", "def resolved", "PUBLISHED"):
            assert name not in path.read_text(), f"{path}: {name}"


def hash_of_training(folder, recipe):
    """Hash of the training script in the copy of the library that lies in `folder`."""
    call = (
        "from ionshift.core.provenance import code_hash;"
        "from ionshift.config.registries.recipes import RECIPES;"
        f"print(code_hash('scripts/training/train_model.py', [RECIPES.get('{recipe}').module]))"
    )
    environment = os.environ | {"PYTHONPATH": str(folder / "scripts")}
    command = [sys.executable, "-c", call]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_a_module_from_outside_of_the_library_counts(tmp_path, root, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "recipe_from_outside.py"
    module.write_text("from ionshift.learning import reduction\n")
    script = root / "scripts/training/train_model.py"
    before = provenance.code_hash(script, [module.stem])
    module.write_text("from ionshift.learning import reduction\n\nTREES = 10\n")
    assert provenance.code_hash(script, [module.stem]) != before
    assert "learning/reduction.py" in provenance.reachable(script, [module.stem])
    with pytest.raises(InputError, match=r"not_there.* not on Python's path"):
        provenance.code_hash(script, ["not_there"])


def test_labels_and_training_do_not_reach_dynamics(root):
    never = {"labels/store.py", "labels/workers.py", "learning/committee.py"}
    assert not never & reached(root, "md/run_md", "ionshift.md.engines.potential")


def test_configuration_model_does_not_count(root):
    scripts = list((root / "scripts").glob("[!i]*/*.py"))
    assert len(scripts) > 50
    for script in scripts:
        found = provenance.reachable(script)
        assert not any(name.startswith("config/") for name in found)


def test_an_edited_file_is_read_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from ionshift.nmr import spectrum\n")
    before = provenance.code_hash(script)
    assert provenance.reachable(script)
    script.write_text("import json\n")
    assert provenance.reachable(script) == set()
    assert provenance.code_hash(script) != before


def test_seeds_are_their_own():
    seeds = {provenance.derive_seed(1, system, r) for system in ("1M", "2M") for r in range(3)}
    assert len(seeds) == 6
    assert provenance.derive_seed(1, "1M", 0) == provenance.derive_seed(1, "1M", 0)
    assert provenance.derive_seed(1, "1M", 0) != provenance.derive_seed(2, "1M", 0)
