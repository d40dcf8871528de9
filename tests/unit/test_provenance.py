import json

from ionshift import config, provenance


def reached(root, script):
    return provenance._reachable(root / "scripts" / f"{script}.py")


def test_modules_behind_a_script(root):
    assert "plotting/shifts.py" in reached(root, "plot_spectra")
    assert "shielding/giao.py" in reached(root, "label_shard")
    assert "descriptor_kernel.py" in reached(root, "predict_shifts")


def test_figures_do_not_depend_on_physics_and_training_not_on_dft(root):
    assert not {"trajectory.py", "model/committee.py", "labels.py"} & reached(root, "plot_spectra")
    assert not any(name.startswith("shielding") for name in reached(root, "train_model"))
    assert not any(name.startswith("dynamics") for name in reached(root, "label_shard"))


def test_configuration_model_does_not_count(root):
    for script in (root / "scripts").glob("*.py"):
        assert "config.py" not in provenance._reachable(script)


def test_seeds_are_their_own():
    seeds = {provenance.derive_seed(1, system, r) for system in ("1M", "2M") for r in range(3)}
    assert len(seeds) == 6
    assert provenance.derive_seed(1, "1M", 0) == provenance.derive_seed(1, "1M", 0)
    assert provenance.derive_seed(1, "1M", 0) != provenance.derive_seed(2, "1M", 0)


def test_manifest_is_complete_json(root):
    study = config.load(root / "config" / "config.yaml")
    record = provenance.manifest(study, [root / "pyproject.toml"], {"1M/0": 5})
    assert json.loads(json.dumps(record)) == record
    assert record["config"]["study"] == "demo"
    assert record["packages"]["pyscf"]
    assert all(len(value) == 64 for value in record["inputs_sha256"].values())
