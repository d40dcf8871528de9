"""The line that says how far a run is: counts, and the time left from known lengths."""

import logging
import math
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from ionshift.runs import progress
from ionshift.runs.progress import Job, Run


@pytest.fixture
def run():
    jobs = {n: Job("run_md", threads=2, core_h=1.0) for n in (0, 1)}
    jobs |= {n: Job("label_shard", threads=1, core_h=math.nan) for n in (2, 3)}
    return Run(jobs | {4: Job("figure", threads=1, core_h=0.0)}, cores=2)


def test_before_the_first_job_all_is_left(run):
    assert run.left_h(0.0) == (2.0, 2)
    assert run.line(0.0) == (
        "progress: 0 of 5 jobs done; running: none; 5 waiting; "
        "left: about 60 min and 2 jobs of unknown length"
    )


def test_what_a_running_job_has_spent_is_no_longer_left(run):
    run.start([0, 4], 0.0)
    core_h, n_unknown = run.left_h(900.0)
    assert core_h == pytest.approx(1.0 - 2 * 0.25 + 1.0) and n_unknown == 2
    assert run.left_h(36_000.0)[0] == pytest.approx(1.0)


def test_a_finished_job_tells_what_the_others_of_its_rule_take(run):
    run.start([2, 3], 0.0)
    run.finish(2, 1800.0)
    assert run.left_h(1800.0) == (pytest.approx(2.0 + 0.5 - 0.5), 0)
    assert "1 of 5 jobs done; running: label_shard; 3 waiting; left: about 60 min" in run.line(1800)


def test_a_job_that_fails_is_left_and_can_be_started_again(run):
    run.start([0], 0.0)
    run.fail(0)
    assert not run.running and run.left_h(3600.0)[0] == 2.0
    run.start([0], 3600.0)
    run.finish(0, 7200.0)
    run.finish(0, 7300.0)
    assert run.ended == {0} and run.left_h(7300.0)[0] == 1.0


def test_jobs_that_the_run_does_not_know_are_passed_over(run):
    run.start([99], 0.0)
    run.finish(99, 10.0)
    assert run.line(10.0).startswith("progress: 0 of 5 jobs done; running: none")


@pytest.mark.parametrize(
    ("core_h", "n_unknown", "cores", "words"),
    [
        (0.0, 0, 2, "left: about a minute"),
        (0.0, 1, 2, "left: 1 job of unknown length"),
        (3.0, 0, 2, "left: about 1.5 h"),
        (200.0, 0, 2, "left: about 4.2 days"),
        (200.0, 3, None, "left: about 200 core-hours and 3 jobs of unknown length"),
    ],
)
def test_time_left_in_words(core_h, n_unknown, cores, words):
    assert progress.time_left(core_h, n_unknown, cores) == words


def test_it_follows_the_events_of_snakemake_and_is_silent_in_between(run):
    clock, said = SimpleNamespace(now_s=0.0), []
    teller = progress.Teller(run, said.append, lambda: clock.now_s)

    def happens(event, **fields):
        record = logging.LogRecord("snakemake", logging.INFO, "", 0, "", None, None)
        record.__dict__ |= {"event": event, **fields}
        teller.handle(record)

    happens(LogEvent.JOB_STARTED, jobs=[0, 2])
    assert said == [] and set(run.running) == {0, 2}
    clock.now_s = 60.0
    happens(LogEvent.JOB_FINISHED, job_id=2)
    assert said == [run.line(60.0)] and said[0].startswith("progress: 1 of 5 jobs done")
    clock.now_s = 60.0 + progress.LEAST_WAIT_S / 2
    happens(LogEvent.JOB_ERROR, jobid=0)
    happens(LogEvent.PROGRESS, done=1, total=5)
    assert len(said) == 1 and not run.running
    clock.now_s = 60.0 + progress.LEAST_WAIT_S
    happens(LogEvent.JOB_STARTED, jobs=[3])
    happens(LogEvent.JOB_FINISHED, job_id=3)
    assert len(said) == 2 and said[1].startswith("progress: 2 of 5 jobs done")
    for number in (0, 1, 4):
        clock.now_s += 100 * progress.LEAST_WAIT_S
        happens(LogEvent.JOB_FINISHED, job_id=number)
    # Snakemake says itself that a run has ended.
    assert len(said) == 4 and said[-1].startswith("progress: 4 of 5 jobs done")


def test_jobs_of_snakemake_are_expected_by_rule_and_benchmark():
    rule = SimpleNamespace(name="run_md")
    path = "results/demo/benchmarks/run_md/1M_0.tsv"
    heavy = SimpleNamespace(jobid=7, rule=rule, threads=2, benchmark=path)
    light = SimpleNamespace(jobid=8, rule=rule, threads=1, benchmark=None)
    asked = []

    def expect(rule, job):
        asked.append((rule, job))
        return 0.5

    found = progress.of_jobs([heavy, light], expect)
    assert asked == [("run_md", "1M_0")]
    assert found == {7: Job("run_md", 2, 0.5), 8: Job("run_md", 1, 0.0)}


def test_stages_by_state():
    stages = [("md", "done"), ("md", "running"), ("liquid", "done"), ("maps", "failed")]
    stages += [("maps", "done"), ("elf", "to do")]
    jobs = [SimpleNamespace(stage=stage, state=state) for stage, state in stages]
    assert progress.of_stages(jobs, lambda job: job.state) == {
        "done": ["liquid"],
        "running": ["md"],
        "left": ["maps", "elf"],
    }
