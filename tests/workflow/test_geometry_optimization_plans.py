"""Plans of studies that optimize their clusters: only where it is asked for, and never the MD."""

import re
from collections import Counter

import pytest

from projects import Project, copy_project, job_name, snakemake

OPTIMIZING = {"optimize_clusters", "label_optimized", "collect_optimized", "pair_labels"}
OPTIMIZING |= {"tabulate_geometry_optimization", "figure:geometry_optimization"}

FEW_GROUPS = 3
"""Members that the groups of the study's own labels allow."""


def optimizing(config, **keys):
    config["geometry_optimization"] = keys
    if keys.get("shieldings") == "train":
        config["labelling"] |= {"shipped": [], "reference_labels": []}
        config["model"] = {"committee_size": FEW_GROUPS}
    return config


def rules_of(project, **keys):
    variant = project.variant(lambda config: optimizing(config, **keys))
    return Counter(job_name(job) for job in project.jobs(variant))


@pytest.fixture(scope="module")
def optimized(tmp_path_factory):
    """A finished demo that optimizes its clusters and compares their shieldings."""
    folder = tmp_path_factory.mktemp("optimized")
    copy_project(folder)
    finished = Project(folder)
    finished.config = optimizing(finished.config, fmax_eV_A=0.05)
    finished.finish(finished.write_variant(finished.config))
    yield finished
    finished.close()


def test_clusters_are_optimized_only_where_it_is_asked_for(project):
    assert not OPTIMIZING & {job_name(job) for job in project.jobs()}


def test_asking_for_it_adds_to_a_finished_study_and_reruns_nothing_in_it(project):
    before = {job_name(job) for job in project.jobs()}
    rerun = project.reruns(project.variant(optimizing))
    assert rerun.keys() - before == OPTIMIZING - {"pair_labels"}
    costs = {"tabulate_costs", "figure:costs", "write_summary", "write_manifest"}
    assert rerun.keys() & before == costs
    assert rerun["optimize_clusters"] == 4


def test_the_shieldings_of_optimized_clusters_are_a_choice(project):
    none = rules_of(project, shieldings="none")
    assert none.keys() & OPTIMIZING == {
        "optimize_clusters",
        "tabulate_geometry_optimization",
        "figure:geometry_optimization",
    }
    assert rules_of(project, shieldings="train").keys() >= OPTIMIZING


def test_a_model_is_trained_on_the_labels_that_are_chosen(project):
    variant = project.variant(lambda config: optimizing(config, shieldings="train"))
    project.finish(variant)
    optimized = project.variant(lambda config: optimizing(config, shieldings="train", radius_A=4.0))
    rerun = project.reruns(optimized)
    project.finish()
    assert rerun.keys() >= {"optimize_clusters", "pair_labels", "train_model", "predict_shifts"}
    assert not rerun.keys() & {"run_md", "sample_clusters", "label_shard", "collect_labels"}


@pytest.mark.parametrize(
    "changed",
    [{"fmax_eV_A": 0.02}, {"radius_A": 4.0}, {"potential": {"model": "GFN2-xTB"}}],
    ids=lambda changed: next(iter(changed)),
)
def test_how_clusters_are_optimized_reruns_them_and_no_dynamics(changed, optimized):
    assert optimized.reruns(optimized.variant(lambda config: None)) == {}
    rerun = optimized.reruns(
        optimized.variant(lambda config: config["geometry_optimization"].update(changed))
    )
    assert rerun == {
        "optimize_clusters": 4,
        "label_optimized": 4,
        "collect_optimized": 1,
        "tabulate_geometry_optimization": 1,
        "figure:geometry_optimization": 1,
        "tabulate_costs": 1,
        "figure:costs": 1,
        "write_summary": 1,
        "write_manifest": 1,
    }


@pytest.mark.parametrize("changed", [{"workers": 2}, {"potential": {"device": "cpu"}}])
def test_how_many_and_where_reruns_nothing(changed, optimized):
    variant = optimized.variant(lambda config: config["geometry_optimization"].update(changed))
    assert optimized.reruns(variant) == {"write_manifest": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c.update(geometry_optimization={"shieldings": "train"}),
            r"geometry_optimization\.shieldings = 'train': labelling\.shipped holds labels",
        ),
        (
            lambda c: (c["sampling"].update(n_clusters=0), optimizing(c)),
            r"geometry_optimization: sampling\.n_clusters = 0 .* no cluster to optimize",
        ),
        (
            lambda c: optimizing(c, potential={"kind": "mace", "model": "none.model"}),
            r"geometry_optimization\.potential\.model = 'none\.model': no such file",
        ),
        (
            lambda c: optimizing(c, potential={"options": {"charge": 1}}),
            r"potential\.options\.charge = 1: every cluster brings its own",
        ),
    ],
    ids=["mixed labels", "no clusters", "no model", "charge"],
)
def test_mistakes_stop_before_any_job(change, message, project):
    done = snakemake(project.folder, "--dry-run", "--configfile", project.variant(change))
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert re.search(message, text), text
    assert "Traceback" not in text


def test_corrected_labels_are_those_the_model_would_learn_without_correction(project):
    """With both blocks on, the correction took other labels than those it described."""

    def both(config):
        config["geometry_optimization"] = {"shieldings": "train"}
        config["labelling"]["shipped"] = []
        config["model"] = {"committee_size": FEW_GROUPS}

    graph = snakemake(project.folder, "--rulegraph", "--configfile", project.variant(both)).stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', graph))
    edges = {(names[a], names[b]) for a, b in re.findall(r"(\d+) -> (\d+)", graph)}
    assert {("pair_labels", "correct_labels"), ("correct_labels", "train_model")} <= edges
    assert not {("pair_labels", "train_model"), ("collect_labels", "train_model")} & edges
