"""How far a run is, for people: what is done, running and left, and about how long it will take.

Plain lines, in a terminal as in the log of a batch job: bars that are drawn anew would be torn by
what the jobs themselves print.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ionshift.runs.costs import benchmark_name

LEAST_WAIT_S = 20.0
"""Between two lines; finished figures would otherwise fill the screen."""
EVENTS = ("job_started", "job_finished", "job_error")


@dataclass(frozen=True)
class Job:
    """A job of a run; `core_h` are the core-hours expected of it, NaN if nothing is recorded."""

    rule: str
    threads: int
    core_h: float


def of_jobs(jobs: Iterable[Any], expect: Callable[[str, str], float]) -> dict[int, Job]:
    """What Snakemake will run, by job number.

    Parameters
    ----------
    jobs : of Snakemake
    expect : core-hours of (rule, name of the job's benchmark), NaN if unknown
    """
    planned = {}
    for job in jobs:
        rule = job.rule.name
        # A rule without a benchmark is light: its jobs take moments.
        core_h = expect(rule, benchmark_name(rule, job.benchmark)) if job.benchmark else 0.0
        planned[job.jobid] = Job(rule, job.threads, core_h)
    return planned


class Run:
    """Jobs of a run as they start and end; all times in seconds on one clock.

    Parameters
    ----------
    jobs : what the run will do, by job number
    cores : cores that the run has; None where others decide, as a cluster does
    """

    def __init__(self, jobs: Mapping[int, Job], cores: int | None):
        self.jobs, self.cores = dict(jobs), cores
        self.running: dict[int, float] = {}
        self.ended: set[int] = set()
        self.measured: dict[str, list[float]] = {}

    def start(self, numbers: Iterable[int], now_s: float) -> None:
        self.running |= {number: now_s for number in numbers if number in self.jobs}

    def finish(self, number: int, now_s: float) -> None:
        """A job is done: what it took is expected of those of its rule that are left."""
        began_s = self.running.pop(number, None)
        if number not in self.jobs or number in self.ended:
            return
        self.ended.add(number)
        if began_s is not None:
            job = self.jobs[number]
            hours = job.threads * (now_s - began_s) / 3600
            self.measured.setdefault(job.rule, []).append(hours)

    def fail(self, number: int) -> None:
        """A job has failed: it is left, unless it is started again."""
        self.running.pop(number, None)

    def expected_h(self, number: int) -> float:
        """Core-hours of a job: what is recorded of it, else those of its rule in this run."""
        job = self.jobs[number]
        measured = self.measured.get(job.rule)
        if math.isnan(job.core_h) and measured:
            return sum(measured) / len(measured)
        return job.core_h

    def left_h(self, now_s: float) -> tuple[float, int]:
        """(core-hours left of jobs whose cost is known, number of jobs whose cost is not)."""
        known, n_unknown = 0.0, 0
        for number, job in self.jobs.items():
            if number in self.ended:
                continue
            expected = self.expected_h(number)
            if math.isnan(expected):
                n_unknown += 1
            else:
                spent = job.threads * (now_s - self.running.get(number, now_s)) / 3600
                known += max(expected - spent, 0.0)
        return known, n_unknown

    def line(self, now_s: float) -> str:
        """One line: done, running by rule, left, time left."""
        waiting = len(self.jobs) - len(self.ended) - len(self.running)
        rules = Counter(self.jobs[number].rule for number in self.running)
        running = ", ".join(rule if n == 1 else f"{n} {rule}" for rule, n in rules.items())
        return (
            f"progress: {len(self.ended)} of {len(self.jobs)} jobs done; running: "
            f"{running or 'none'}; {waiting} waiting; {time_left(*self.left_h(now_s), self.cores)}"
        )


def time_left(core_h: float, n_unknown: int, cores: int | None) -> str:
    """What is left in words: hours on `cores`, core-hours where that is None."""
    jobs = "job" if n_unknown == 1 else "jobs"
    beyond = f" and {n_unknown} {jobs} of unknown length" if n_unknown else ""
    if not core_h and n_unknown:
        return f"left: {n_unknown} {jobs} of unknown length"
    if cores is None:
        rounded = f"{core_h:.2g}" if core_h < 10 else f"{core_h:.0f}"
        return f"left: about {rounded} core-hours{beyond}"
    return f"left: about {in_words(core_h / cores)}{beyond}"


def in_words(hours: float) -> str:
    """A length of time, rounded as an estimate is."""
    if hours < 1 / 60:
        return "a minute"
    if hours < 1.5:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


class Teller(logging.Handler):
    """Says how far a run is when jobs end, at most every `LEAST_WAIT_S`; reads Snakemake's events.

    Parameters
    ----------
    say : takes the line
    """

    def __init__(
        self,
        run: Run,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        super().__init__()
        self.run, self.say, self.clock = run, say, clock
        self.said_s = -math.inf

    def emit(self, record: logging.LogRecord) -> None:
        event = str(getattr(record, "event", "") or "")
        if event not in EVENTS:
            return
        now_s = self.clock()
        if event == "job_started":
            self.run.start(record.__dict__["jobs"], now_s)
            return
        if event == "job_error":
            self.run.fail(record.__dict__["jobid"])
        else:
            self.run.finish(record.__dict__["job_id"], now_s)
        is_left = len(self.run.ended) < len(self.run.jobs)
        if is_left and now_s - self.said_s >= LEAST_WAIT_S:
            self.said_s = now_s
            self.say(self.run.line(now_s))


def of_stages(jobs: Iterable[Any], state: Callable[[Any], str]) -> dict[str, list[str]]:
    """Stages (files of rules) by how far they are: done, running, left.

    Parameters
    ----------
    jobs : have `stage`
    state : of a job, as `status.state`
    """
    states: dict[str, set[str]] = {}
    for job in jobs:
        states.setdefault(job.stage, set()).add(state(job))
    found: dict[str, list[str]] = {"done": [], "running": [], "left": []}
    for stage, of_stage in states.items():
        name = "running" if "running" in of_stage else "done" if of_stage == {"done"} else "left"
        found[name].append(stage)
    return found
