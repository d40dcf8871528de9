from ionshift import provenance


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


def test_an_edited_file_is_read_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from ionshift import spectrum\n")
    before = provenance.code_hash(script)
    assert provenance._reachable(script)
    script.write_text("import json\n")
    assert provenance._reachable(script) == set()
    assert provenance.code_hash(script) != before


def test_seeds_are_their_own():
    seeds = {provenance.derive_seed(1, system, r) for system in ("1M", "2M") for r in range(3)}
    assert len(seeds) == 6
    assert provenance.derive_seed(1, "1M", 0) == provenance.derive_seed(1, "1M", 0)
    assert provenance.derive_seed(1, "1M", 0) != provenance.derive_seed(2, "1M", 0)
