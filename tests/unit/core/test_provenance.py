from ionshift.core import provenance


def reached(root, script, without=frozenset()):
    return provenance._reachable(root / "scripts" / f"{script}.py", without)


def test_modules_behind_a_script(root):
    assert "plotting/shifts.py" in reached(root, "plot_spectra")
    assert "shielding/giao.py" in reached(root, "label_shard")
    assert "descriptor_kernel.py" in reached(root, "predict_shifts")


def test_figures_do_not_depend_on_physics_and_training_not_on_dft(root):
    assert not {"trajectory.py", "model/committee.py", "labels.py"} & reached(root, "plot_spectra")
    assert not any(name.startswith("shielding") for name in reached(root, "train_model"))
    assert not any(name.startswith("dynamics") for name in reached(root, "label_shard"))


def test_engines_that_are_left_out_take_what_they_alone_import_with_them(root):
    everything = reached(root, "run_md")
    assert {"dynamics/potential_engine.py", "potentials/calculators.py"} <= everything
    fewer = reached(root, "run_md", {"dynamics/potential_engine.py"})
    gone = everything - fewer
    assert gone >= {"dynamics/potential_engine.py", "potentials/calculators.py"}
    assert "dynamics/openmm_engine.py" in fewer
    script = root / "scripts" / "run_md.py"
    without = provenance.code_hash(script, ["dynamics/potential_engine.py"])
    assert provenance.code_hash(script) != without


def test_labels_and_training_do_not_reach_dynamics(root):
    never = {"labels.py", "label_workers.py", "potentials/reference.py", "potentials/training.py"}
    assert not never & reached(root, "run_md")


def test_configuration_model_does_not_count(root):
    for script in (root / "scripts").glob("*.py"):
        assert "config.py" not in provenance._reachable(script, set())


def test_an_edited_file_is_read_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from ionshift import spectrum\n")
    before = provenance.code_hash(script)
    assert provenance._reachable(script, set())
    script.write_text("import json\n")
    assert provenance._reachable(script, set()) == set()
    assert provenance.code_hash(script) != before


def test_seeds_are_their_own():
    seeds = {provenance.derive_seed(1, system, r) for system in ("1M", "2M") for r in range(3)}
    assert len(seeds) == 6
    assert provenance.derive_seed(1, "1M", 0) == provenance.derive_seed(1, "1M", 0)
    assert provenance.derive_seed(1, "1M", 0) != provenance.derive_seed(2, "1M", 0)
