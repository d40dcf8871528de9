"""The promise of partial reruns: which rules a change reruns, through dry runs."""

import os
from contextlib import contextmanager

import pytest

PLOTS = {
    "plot_spectra",
    "plot_lines",
    "plot_shifts",
    "plot_speciation",
    "plot_rdf",
    "plot_parity",
    "plot_learning_curve",
    "plot_thermodynamics",
}
RECORD = {"write_manifest"}
SPECTRA_PLOTS = {"plot_spectra", "plot_lines", "plot_shifts", "plot_speciation"}
FROM_SHIFTS = {"tabulate_shifts", *SPECTRA_PLOTS, *RECORD}
FROM_TRAINING = {
    "train_model",
    "predict_shifts",
    "plot_parity",
    "plot_learning_curve",
    *FROM_SHIFTS,
}
FROM_LABELS = {"label_shard", "collect_labels", *FROM_TRAINING}
FROM_SAMPLING = {"sample_clusters", *FROM_LABELS}
FROM_CUTOFF = {"set_cutoff", "tabulate_rdf", "plot_rdf", *FROM_SAMPLING}
FROM_MD = {"run_md", "measure_rdf", "tabulate_md", "plot_thermodynamics", *FROM_CUTOFF}


@contextmanager
def edited(path, prefix="", suffix=""):
    """A file changed for a while, then put back with its time."""
    original, times = path.read_text(), path.stat()
    path.write_text(prefix + original + suffix)
    try:
        yield
    finally:
        path.write_text(original)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def put(block, key, value):
    def change(config):
        config.setdefault(block, {})[key] = value

    return change


CONFIG_CHANGES = [
    ("figures", "dpi", 200, PLOTS | RECORD),
    ("spectrum", "t2_s", 0.01, FROM_SHIFTS),
    ("spectrum", "reference_shielding_ppm", 90.0, FROM_SHIFTS | {"predict_shifts"}),
    ("model", "hidden", [16], FROM_TRAINING),
    ("inference", "chunk_size", 17, FROM_SHIFTS | {"predict_shifts"}),
    ("sampling", "seed", 99, FROM_SAMPLING),
    ("labelling", "min_ok_share", 0.5, FROM_LABELS - {"label_shard"}),
    ("md", "temperature_K", 310.0, FROM_MD),
    ("md", "threads", 2, RECORD),
]


def test_finished_study_has_nothing_to_do(project):
    assert project.reruns() == {}


@pytest.mark.parametrize(("block", "key", "value", "rules"), CONFIG_CHANGES)
def test_a_changed_key_reruns_what_depends_on_it(project, block, key, value, rules):
    planned = project.reruns(project.variant(put(block, key, value)))
    assert set(planned) == rules


def test_an_added_concentration_computes_itself_alone(project):
    def add(config):
        config["systems"]["5M"] = {"counts": {"LI": 20, "FSI": 20, "DME": 22}, "density_g_cm3": 1.4}

    planned = project.reruns(project.variant(add))
    for rule in ("pack_box", "run_md", "measure_rdf", "sample_clusters", "label_shard"):
        assert planned[rule] == 1, rule
    assert planned["train_model"] == 1
    assert planned["predict_shifts"] == 5


MODULE_CHANGES = [
    ("scripts/ionshift/plotting/style.py", PLOTS),
    ("scripts/ionshift/plotting/training.py", {"plot_parity", "plot_learning_curve"}),
    ("scripts/plot_parity.py", {"plot_parity"}),
    ("scripts/ionshift/spectrum.py", FROM_SHIFTS | {"predict_shifts"}),
    ("scripts/ionshift/config_docs.py", set()),
    ("scripts/ionshift/model/networks.py", FROM_TRAINING),
    ("scripts/ionshift/descriptor.py", FROM_SAMPLING),
    ("scripts/ionshift/shielding/giao.py", FROM_LABELS | {"import_labels"}),
]


@pytest.mark.parametrize(("module", "rules"), MODULE_CHANGES)
def test_an_edited_module_reruns_what_imports_it(project, module, rules):
    with edited(project.folder / module, suffix="\n# edited\n"):
        planned = set(project.reruns())
    assert planned - RECORD - {"import_labels"} == rules - RECORD - {"import_labels"}


def test_a_new_template_reruns_the_boxes(project):
    with edited(project.folder / "resources" / "molecules" / "DME.pdb", prefix="REMARK edited\n"):
        planned = project.reruns()
    assert {"pack_box", "run_md"} <= set(planned)
