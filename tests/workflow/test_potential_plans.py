"""Plans of a study whose MD is driven by a potential: its model is an input like any other."""

import re
from collections import Counter

import pytest
import yaml

from projects import DEMO, Project, copy_project, edited, job_name, snakemake

MODEL = "resources/springs.py"


def with_potential(config, **changes):
    config["md"]["engine"] = "potential"
    config["potential"] = {"kind": "python", "model": f"{MODEL}:make"} | changes
    return config


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """A finished demo whose MD engine is a potential read from a file."""
    folder = tmp_path_factory.mktemp("driven")
    copy_project(folder)
    (folder / MODEL).write_text("make = None\n")
    config = yaml.safe_load((folder / DEMO).read_text())
    (folder / DEMO).write_text(yaml.safe_dump(with_potential(config), sort_keys=False))
    finished = Project(folder)
    finished.finish()
    yield finished
    finished.close()


@pytest.mark.slow
def test_another_model_reruns_the_dynamics_and_what_follows(driven):
    assert driven.reruns() == {}
    with edited(driven.folder / MODEL, suffix="# retrained\n"):
        rerun = driven.reruns()
    assert rerun["run_md"] == 4
    assert {"measure_rdf", "predict_shifts", "write_manifest"} <= rerun.keys()
    assert "pack_box" not in rerun


@pytest.mark.slow
@pytest.mark.parametrize(
    ("block", "key", "value"),
    [("potential", "options", {"scale": 2.0}), ("potential_md", "timestep_fs", 0.25)],
)
def test_keys_of_the_potential_rerun_the_dynamics(block, key, value, driven):
    variant = driven.variant(lambda config: config.setdefault(block, {}).update({key: value}))
    rerun = driven.reruns(variant)
    assert rerun["run_md"] == 4 and "pack_box" not in rerun


def test_keys_of_a_potential_that_is_not_used_rerun_nothing(project):
    variant = project.variant(
        lambda config: config.update(potential={"dtype": "float32"}, potential_md={"npt_ps": 1.0})
    )
    assert project.reruns(variant).keys() == {"write_manifest"}


def trained(**validation):
    box = {"counts": {"LI": 2, "FSI": 2, "DME": 5}, "density_g_cm3": 1.2}
    block = {"systems": {"box": box}, "validation": validation}
    return lambda config: config.update(potential_training=block)


def test_the_liquid_of_a_potential_is_compared_where_it_is_asked_for(project):
    without = {job_name(job) for job in project.jobs(project.variant(trained(md_ps=0)))}
    assert "validate_potential" in without and "run_validation_md" not in without
    project.finish(project.variant(trained()))
    longer = project.reruns(project.variant(trained(md_ps=20.0)))
    wider = project.reruns(project.variant(trained(force_rmse_eV_A=0.2)))
    project.finish()
    assert longer["run_validation_md"] == 1
    assert longer.keys() >= {"validate_potential", "figure:potential_validation"}
    assert not longer.keys() & {"run_training_md", "train_potential", "evaluate_potential"}
    assert "validate_potential" in wider and "run_validation_md" not in wider


def test_both_liquids_are_compared_where_the_box_is_the_same(project):
    """A study that trains on its own boxes and runs them; other boxes cannot be compared."""

    def driven_by_its_own(systems):
        def change(config):
            trained()(config)
            config["potential_training"]["systems"] = systems
            with_potential(config, kind="mace", model="results/demo/potential/potential.model")

        return change

    def count(systems):
        jobs = project.jobs(project.variant(driven_by_its_own(systems)))
        return Counter(job_name(job) for job in jobs)

    own = count({})
    assert (
        own["predict_classical"] == own["measure_classical_pairs"] == len(project.config["systems"])
    )
    assert own["tabulate_potential_liquids"] == own["figure:potential_liquids"] == 1
    other = count({"box": {"counts": {"LI": 2, "FSI": 2, "DME": 5}, "density_g_cm3": 1.2}})
    assert (
        not {"predict_classical", "tabulate_potential_liquids", "figure:potential_liquids"}
        & other.keys()
    )


def planned(project, change):
    done = snakemake(project.folder, "--dry-run", "--configfile", project.variant(change))
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: with_potential(c, kind="mace", model="none.model"),
            r"potential\.model = 'none\.model': no such file",
        ),
        (
            lambda c: with_potential(c, kind="mace", model=None),
            r"potential: model is not given, kind mace needs a \.model file",
        ),
        (
            lambda c: c.update(
                with_potential(c, kind="tblite", model=None), potential_md={"timestep_fs": 1.25}
            ),
            r"potential_md\.timestep_fs = 1\.25: bonds to hydrogen of 1\.008 amu",
        ),
        (
            lambda c: c.update(
                with_potential(c, kind="tblite", model=None), potential_md={"timestep_fs": 0.7}
            ),
            r"md\.frame_interval_ps = 0\.5 is not a whole number of time steps, potential_md",
        ),
    ],
    ids=["missing file", "no model", "long step", "frames"],
)
def test_mistakes_stop_before_any_job(change, message, project):
    code, text = planned(project, change)
    assert code != 0
    assert re.search(message, text), text
    assert "Traceback" not in text
