from ionshift.core import provenance


def reached(root, script, without=frozenset()):
    return provenance.reachable(root / "scripts" / f"{script}.py", without)


def test_modules_behind_a_script(root):
    assert "figures/shifts.py" in reached(root, "figures/plot_spectra")
    assert "dft/giao.py" in reached(root, "labelling/label_shard")
    assert "descriptors/lmbtr_kernel.py" in reached(root, "inference/predict_shifts")


def test_figures_do_not_depend_on_physics_and_training_not_on_dft(root):
    assert not {"trajectories/trajectory.py", "learning/committee.py", "labels/store.py"} & reached(
        root, "figures/plot_spectra"
    )
    assert not any(name.startswith("dft") for name in reached(root, "training/train_model"))
    assert not any(name.startswith("md/") for name in reached(root, "labelling/label_shard"))


def test_engines_that_are_left_out_take_what_they_alone_import_with_them(root):
    everything = reached(root, "md/run_md")
    assert {"md/engines/potential.py", "potentials/calculators.py"} <= everything
    fewer = reached(root, "md/run_md", {"md/engines/potential.py"})
    gone = everything - fewer
    assert gone >= {"md/engines/potential.py", "potentials/calculators.py"}
    assert "md/engines/openmm.py" in fewer
    script = root / "scripts" / "md" / "run_md.py"
    without = provenance.code_hash(script, ["md/engines/potential.py"])
    assert provenance.code_hash(script) != without


def test_labels_and_training_do_not_reach_dynamics(root):
    never = {
        "labels/store.py",
        "labels/workers.py",
        "potential_training/reference.py",
        "potential_training/training.py",
    }
    assert not never & reached(root, "md/run_md")


def test_configuration_model_does_not_count(root):
    for script in (root / "scripts").glob("*/*.py"):
        assert not [name for name in provenance.reachable(script) if name.startswith("config")]


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
