"""What is asked of the scheduler: it follows the size of the study."""

from pathlib import Path

import pytest

from ionshift.runs import limits
from ionshift.studies import registry

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def study():
    return registry.load("config/lifsi_dme.yaml")


def with_block(study, name, **values):
    block = getattr(study, name).model_copy(update=values)
    return study.model_copy(update={name: block})


def test_box_of_one_molar(study):
    # 30 Li, 30 FSI of 9 atoms, 264 DME of 16 atoms
    assert limits.n_atoms(study, "1M") == 30 + 30 * 9 + 264 * 16


def test_environments_of_the_published_study(study):
    assert limits.n_environments(study, "4M") == 90_000


def test_md_at_the_measured_speed(study):
    # 4,524 atoms for 21.6 ns at 80,000 atom ns a day
    assert limits.md_core_hours(study, "1M") == pytest.approx(24 * 4524 * 21.6 / 80_000)
    one_thread = with_block(study, "md", threads=1)
    assert limits.md_minutes(one_thread, "1M") == pytest.approx(
        2 * limits.md_minutes(study, "1M"), abs=1
    )
    slower = with_block(study, "md", engine="openmm")
    assert limits.md_minutes(slower, "1M") > 3 * limits.md_minutes(study, "1M")


def test_md_with_a_potential_is_asked_for_by_its_steps(study):
    driven = with_block(study, "md", engine="potential", production_ps=20.0)
    steps = (2 * 0.5 + 5.0 + 2.0 + 20.0) * 1000 / 0.5
    own_h = limits.n_atoms(study, "1M") * steps * limits.POTENTIAL_ATOM_STEP_S["tblite"] / 3600
    equilibration = with_block(study, "md", engine="openmm", production_ps=0.0)
    before_h = limits.md_core_hours(equilibration, "1M")
    assert limits.md_core_hours(driven, "1M") == pytest.approx(before_h + own_h)
    learned = with_block(driven, "potential", kind="mace")
    assert limits.md_core_hours(learned, "1M") < limits.md_core_hours(driven, "1M")
    assert limits.md_MB(driven) > limits.md_MB(study)


def test_every_limit_holds_half_an_hour_at_least():
    demo = registry.load("config/config.yaml")
    small = with_block(demo, "md", production_ps=1.0, frame_interval_ps=0.5)
    for limit in (limits.md_minutes, limits.reading_minutes, limits.prediction_minutes):
        assert limit(small, "1M") >= limits.LEAST_MINUTES


def test_more_work_asks_for_more(study):
    assert limits.shard_minutes(with_block(study, "labelling", workers=1)) > limits.shard_minutes(
        study
    )
    every_frame = with_block(study, "sampling", frame_stride=1)
    assert limits.prediction_minutes(every_frame, "1M") > limits.prediction_minutes(study, "1M")
    large_pool = with_block(study, "sampling", pool_size=1_000_000)
    assert limits.sampling_minutes(large_pool, "1M") > limits.sampling_minutes(study, "1M")
    few = with_block(study, "sampling", n_clusters=10)
    assert limits.training_minutes(few) < limits.training_minutes(study)
    assert limits.training_MB(few) < limits.training_MB(study)
