"""The promise of partial reruns: a table of every change, and the principles behind it."""

import os
import time
from contextlib import contextmanager

import pytest

import changes
from projects import ROOT, edited, job_name, snakemake
from rerun_table import CSV_PATH, MD_PATH, Entry, as_csv, as_markdown, make_table, read_csv

RECORD = {"write_manifest"}
MD = {"pack_box", "run_md"}
DFT = {"label_shard"}
TRAINING = {"train_model", "evaluate_model"}
# Keys that say how a result is computed, not which.
NO_RESULT = {
    "md.threads",
    "md.platform",
    "md.checkpoint_interval_ps",
    "potential.device",
    "geometry_optimization.potential.device",
    "geometry_optimization.workers",
    "geometry_optimization.max_memory_MB",
    "labelling.device",
    "labelling.workers",
    "labelling.max_memory_MB",
    "potential_training.workers",
    "potential_training.max_memory_MB",
    "potential_training.model.threads",
    "potential_training.md.threads",
    "potential_training.md.platform",
    "potential_training.md.checkpoint_interval_ps",
}

ENTRIES = read_csv()
RULES = {rule for entry in ENTRIES for rule in entry.rules}
PLOTS = {rule for rule in RULES if rule.startswith("figure:")}
# Rules that only a study with further blocks or keys has.
OPTIONAL = ("figure:potential_", "figure:geometry_optimization")
OPTIONAL_PLOTS = {rule for rule in PLOTS if rule.startswith(OPTIONAL)}
FIRST_PAGE = {"write_summary"}
DRAWING = PLOTS | {"write_map_page"} | FIRST_PAGE


def entries(prefix):
    found = [entry for entry in ENTRIES if entry.what.startswith(prefix)]
    assert found, f"the table has no entry for {prefix}"
    return found


@pytest.mark.slow
def test_the_table_is_what_snakemake_does(project):
    found = make_table(project)
    assert as_csv(found) == CSV_PATH.read_text(), "run make rerun-table and look at the change"


def test_the_page_by_stage_says_what_the_table_says():
    assert as_markdown(ENTRIES) == MD_PATH.read_text(), "run make rerun-table"


def test_the_page_by_stage_is_a_page():
    assert len(MD_PATH.read_text().splitlines()) <= 110


def test_a_block_is_one_row_until_its_keys_differ():
    alike = [
        Entry("key", "md.replicas", ("run_md",), ("train_model", "write_manifest")),
        Entry("key", "md.npt_ps", ("run_md",), ("train_model", "write_manifest")),
    ]
    idle = Entry("key", "md.threads", ("write_manifest",), ())
    assert "| `md` |  | ● |  |  | ● |  |  |  |" in as_markdown(alike)
    page = as_markdown([*alike, idle])
    assert "| `md`: other keys |  | ● |  |  | ● |  |  |  |" in page
    assert "| `md.threads` |  |  |  |  |  |  |  |  |" in page


def test_a_figure_is_a_figure_wherever_its_rule_stands():
    drawn = Entry("key", "spectrum.experiment", ("figure:shifts",), ("write_manifest",))
    row = "| `spectrum.experiment` |  |  |  |  |  |  |  | ● |"
    assert row in as_markdown([drawn])


def test_every_key_of_the_model_has_an_entry():
    keys = {key for key in changes.model_keys() if not changes.is_fixed(key)}
    assert keys == {entry.what for entry in ENTRIES if entry.kind == "key"}, "run make rerun-table"


def test_every_script_and_module_has_an_entry():
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "scripts").glob("**/*.py")}
    assert files == {entry.what for entry in ENTRIES if entry.kind == "module"}


def test_every_rule_reruns_for_some_key(project):
    keys = [entry for entry in ENTRIES if entry.kind == "key" and entry.what != "study"]
    rerun = {rule for entry in keys for rule in entry.rules}
    assert rerun >= {job_name(job) for job in project.jobs()}


def test_keys_that_change_no_result_are_known():
    idle = {entry.what for entry in ENTRIES if entry.kind == "key" and entry.rules <= RECORD}
    assert idle == NO_RESULT


def test_the_manifest_follows_every_key():
    assert all("write_manifest" in entry.rules for entry in ENTRIES if entry.kind == "key")


@pytest.mark.parametrize(
    ("prefix", "never"),
    [
        ("figures.", RULES - PLOTS - FIRST_PAGE - RECORD),
        ("spectrum.", MD | DFT | TRAINING),
        ("inference.", MD | DFT | TRAINING),
        ("model.", MD | DFT | {"sample_clusters", "measure_rdf"}),
        ("descriptor.", MD),
        ("sampling.", MD),
        ("labelling.", MD | {"sample_clusters", "measure_rdf"}),
        ("labelling.min_ok_share", DFT),
        ("shell.", MD),
        ("scripts/ionshift/figures/", RULES - DRAWING),
        ("scripts/ionshift/learning/recipes/", MD | DFT),
        ("scripts/ionshift/labels/sets.py", MD),
        ("scripts/ionshift/labels/workers.py", MD),
        ("scripts/ionshift/potentials/", MD | DFT),
        ("scripts/ionshift/md/engines/gromacs.py", MD),
        ("scripts/ionshift/md/engines/potential.py", MD),
        ("scripts/ionshift/dft/giao.py", MD | {"sample_clusters"}),
        ("scripts/ionshift/runs/manifest.py", RULES - RECORD),
        ("scripts/figures/", RULES - PLOTS - FIRST_PAGE),
    ],
)
def test_a_change_never_reaches_back(prefix, never):
    for entry in entries(prefix):
        assert not entry.rules & never, entry.what


@pytest.mark.parametrize(
    ("prefix", "always"),
    [
        ("figures.dpi", PLOTS - OPTIONAL_PLOTS),
        ("scripts/ionshift/figures/style.py", PLOTS - OPTIONAL_PLOTS),
        ("md.temperature_K", {"run_md", "train_model", "tabulate_shifts", "figure:spectra"}),
        ("electrolyte.forcefield", {"pack_box", "run_md"}),
        ("resources/molecules/", {"pack_box", "run_md"}),
        ("shell.cutoff_A", {"set_cutoff", "sample_clusters", "predict_shifts"}),
        ("sampling.seed", {"sample_clusters", "label_shard"}),
        ("labelling.protocols.*.", {"label_shard", "import_labels", "train_model"}),
        ("scripts/ionshift/dft/giao.py", {"label_shard"}),
        (
            "scripts/ionshift/descriptors/geometry.py",
            {"sample_clusters", "train_model", "predict_shifts"},
        ),
        ("model.hidden", {"train_model", "evaluate_model", "predict_shifts", "figure:parity"}),
        ("spectrum.t2_s", {"tabulate_shifts", "figure:spectra"}),
    ],
)
def test_a_change_reaches_what_depends_on_it(prefix, always):
    for entry in entries(prefix):
        assert entry.rules >= always, entry.what


def test_finished_study_has_nothing_to_do(project):
    assert project.reruns() == {}


def test_the_command_agrees_with_the_plan_in_one_process(project):
    variant = project.variant(lambda config: config["spectrum"].update(t2_s=0.01))
    planned = snakemake(project.folder, "--dry-run", "--configfile", variant)
    jobs = [job["rule"] for job in project.jobs(variant) if job["to_do"]]
    assert "tabulate_shifts" in jobs
    for rule in set(jobs):
        assert f"{rule} " in planned.stdout
    assert "predict_shifts " not in planned.stdout
    assert f"total {len(jobs) + 1}" in " ".join(planned.stdout.split())


def test_an_added_concentration_computes_itself_alone(project):
    def add(config):
        config["systems"]["5M"] = {"counts": {"LI": 20, "FSI": 20, "DME": 22}, "density_g_cm3": 1.4}

    planned = project.reruns(project.variant(add))
    for rule in ("pack_box", "run_md", "measure_rdf", "sample_clusters", "label_shard"):
        assert planned[rule] == 1, rule
    assert planned["train_model"] == 1
    assert planned["predict_shifts"] == 5


def test_a_deleted_figure_is_drawn_alone(project):
    figure = next((project.folder / "results").glob("*/figures/shifts.png"))
    moved = figure.rename(figure.with_suffix(".moved"))
    try:
        assert project.reruns() == {"figure:shifts": 1, "write_summary": 1}
    finally:
        moved.rename(figure)


def test_a_measured_series_is_drawn_and_nothing_else_runs(project):
    config, accepted = changes.changed_config("spectrum.experiment", project.config, project.folder)
    assert accepted
    reruns = project.reruns(project.write_variant(config))
    assert reruns == dict.fromkeys(
        # Recorded costs are tabulated whenever a table is new.
        (
            "tabulate_experiment",
            "figure:shifts",
            "tabulate_costs",
            "figure:costs",
            "write_manifest",
            "write_summary",
        ),
        1,
    )


def test_a_module_of_the_plots_does_not_reach_the_physics(project):
    with edited(project.folder / "scripts/ionshift/figures/training.py", suffix="# edited\n"):
        drawn = {"figure:parity", "figure:learning_curve", "figure:label_correction"}
        assert set(project.reruns()) == drawn


@contextmanager
def newer(path):
    """A file that seems to be newer than all others, and holds something else."""
    with edited(path, suffix="changed\n"):
        os.utime(path, (time.time() + 60, time.time() + 60))
        yield


@pytest.mark.parametrize(
    "name", ["tables/shifts.csv", "tables/costs.csv", "labels/labels.parquet", "model/metrics.csv"]
)
def test_the_first_page_follows_a_table_that_it_shows(project, name):
    with newer(project.folder / "results/demo" / name):
        assert "write_summary" in project.reruns()


def test_the_first_page_follows_other_tables_only_because_they_cost_something(project):
    with newer(project.folder / "results/demo/tables/rdf.csv"):
        reruns = project.reruns()
    costs = ("tabulate_costs", "figure:costs", "write_manifest", "write_summary")
    assert reruns == dict.fromkeys(("figure:rdf", *costs), 1)


def test_the_first_page_follows_its_own_words(project):
    with edited(
        project.folder / "scripts/ionshift/studies/summaries/liquid_nmr_advice.py",
        suffix="# edited\n",
    ):
        assert project.reruns() == {"write_summary": 1}


def test_the_name_of_the_configuration_file_changes_nothing(project):
    assert project.reruns(project.variant(lambda config: None)) == {}
