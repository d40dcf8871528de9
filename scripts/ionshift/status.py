"""Where a study stands: states of its jobs, its labels, and what is left to compute."""

import fcntl
import math
from pathlib import Path

import pandas as pd

from ionshift import labels
from ionshift.costs import UNKNOWN, Expectation
from ionshift.errors import InputError
from ionshift.files import lock_of

STATES = ("done", "running", "failed", "stopped", "to do")
ERROR_MARKS = ("ERROR", "Traceback", "Error:")


def state(job):
    """State of a job, one of `STATES`.

    A job holds a lock beside its log (see `scripts/common.py`) while it runs.
    An output that is missing although a log exists means failed where the log tells an error,
    and stopped (killed, or the output was deleted) where it does not.

    Parameters
    ----------
    job : has `log`, `to_do` and `missing`
    """
    if is_locked(lock_of(job.log)):
        return "running"
    if not job.to_do:
        return "done"
    if job.missing and Path(job.log).is_file():
        text = "\n".join(tail(job.log, 200))
        return "failed" if any(mark in text for mark in ERROR_MARKS) else "stopped"
    return "to do"


def is_locked(path):
    """Whether a living process holds a lock file."""
    try:
        with open(path) as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def tail(path, n_lines):
    """Last lines of a text file."""
    return Path(path).read_text(errors="replace").splitlines()[-n_lines:]


def stage_table(jobs, systems, expect):
    """Jobs by rule, and by system where a job belongs to one.

    Parameters
    ----------
    jobs : list of jobs with rule, wildcards, log, to_do, missing
    systems : names of the systems
    expect : function of a job that returns its expected core-hours (NaN: unknown)

    Returns
    -------
    DataFrame with rule, system (empty: the whole study), a column a state, core_h_left (of jobs
    whose cost is known) and n_unknown (jobs left whose cost is not)
    """
    rows = []
    for job in jobs:
        now = state(job)
        cost_h = 0.0 if now == "done" else expect(job)
        system = job.wildcards.get("system", "")
        rows.append(
            {"rule": job.rule, "system": system if system in systems else ""}
            | {name: int(now == name) for name in STATES}
            | {
                "core_h_left": 0.0 if math.isnan(cost_h) else cost_h,
                "n_unknown": int(math.isnan(cost_h)),
            }
        )
    columns = ["rule", "system", *STATES, "core_h_left", "n_unknown"]
    table = pd.DataFrame(rows, columns=columns)
    return table.groupby(["rule", "system"], sort=False, as_index=False).sum()


def label_table(study, results, chosen_anew=()):
    """DFT labels by system.

    Parameters
    ----------
    study : config.Study
    results : Path of the study's results
    chosen_anew : systems whose clusters will be chosen again, so that those there do not count

    Returns
    -------
    DataFrame with system, clusters, ok, failed (unconverged ones too), to_do and chosen: where
    the clusters are not chosen yet (False), `to_do` is an upper bound, as some may be in the store.
    """
    store = labels.LabelStore(study.labelling.store)
    protocol = study.labelling.chosen_protocol()
    rows = []
    for system in study.systems:
        path = results / "clusters" / f"{system}.extxyz"
        chosen = path.is_file() and system not in chosen_anew
        found = _statuses(path, protocol, store) if chosen else []
        n_clusters = len(found) if chosen else study.sampling.n_clusters
        counts = {
            "ok": found.count("ok"),
            "failed": sum(one in ("failed", "unconverged") for one in found),
        }
        left = n_clusters - sum(counts.values())
        rows.append({"system": system, "clusters": n_clusters, **counts, "to_do": left})
        rows[-1]["chosen"] = chosen
    return pd.DataFrame(rows)


def _statuses(path, protocol, store):
    if path.stat().st_size == 0:
        return []
    keys = [labels.label_key(a, a.info["charge"], protocol) for a in labels.read_clusters(path)]
    return [_status(store, key) for key in keys]


def _status(store, key):
    if key not in store:
        return "to do"
    try:
        return store.get(key)["status"]
    except InputError:
        return "damaged"


def label_core_h(study, folders):
    """Mean core-hours of a label with the study's protocol, over all label tables found.

    Parameters
    ----------
    folders : folders to search for `*.parquet` label tables, deeply

    Returns
    -------
    (float, int) : mean (NaN if none is recorded) and the number of labels behind it
    """
    wanted = labels.protocol_hash(study.labelling.chosen_protocol())
    columns = ["key", "cpu_s", "protocol_hash"]
    tables = [
        pd.read_parquet(path, columns=columns)
        for folder in folders
        for path in sorted(Path(folder).rglob("*.parquet"))
    ]
    if not tables:
        return math.nan, 0
    found = pd.concat(tables, ignore_index=True).drop_duplicates("key")
    cpu_s = found.loc[found["protocol_hash"] == wanted, "cpu_s"].dropna()
    return float(cpu_s.mean()) / 3600, len(cpu_s)


LABELLING_RULE = "label_shard"
CHOOSING_RULE = "sample_clusters"


class Outlook:
    """What is left of a study and what it will cost.

    Parameters
    ----------
    study : config.Study
    jobs : list of jobs with rule, name, wildcards, log, to_do, missing
    record : costs.Record
    results : Path of all results, `results`
    """

    def __init__(self, study, jobs, record, results):
        self.jobs, self.record = jobs, record
        self.systems = list(study.systems)
        chosen_anew = {
            job.wildcards["system"] for job in jobs if job.rule == CHOOSING_RULE and job.to_do
        }
        self.labels = label_table(study, results / study.study, chosen_anew)
        self.label_core_h, self.n_recorded_labels = label_core_h(
            study, [*sorted(results.glob("*/labels")), Path("resources/labels")]
        )

    def core_h(self, job):
        """Expected core-hours of a job, NaN if unknown."""
        return self.expect(job).core_h

    def expect(self, job):
        """Expected cost of a job; labels are counted one by one, whatever their shard."""
        if not job.benchmark:
            return Expectation(0.0, "light, never recorded")
        if job.rule != LABELLING_RULE:
            return self.record.expect(job.rule, job.job)
        system = job.wildcards["system"]
        shards = sum(
            one.rule == LABELLING_RULE and one.to_do and one.wildcards["system"] == system
            for one in self.jobs
        )
        left = int(self.labels.set_index("system").loc[system, "to_do"])
        if left == 0 or shards == 0:
            return Expectation(0.0, "all labels in the store")
        if self.n_recorded_labels == 0:
            return UNKNOWN
        return Expectation(
            left / shards * self.label_core_h, f"mean of {self.n_recorded_labels} labels"
        )

    @property
    def labels_core_h_left(self):
        left = int(self.labels["to_do"].sum())
        return left * self.label_core_h if left else 0.0

    def plan(self):
        """What a run would do.

        Returns
        -------
        DataFrame with rule, jobs, core_h (sum of what is known), n_unknown, based_on, why
        """
        rows = []
        for job in self.jobs:
            if job.to_do:
                expected = self.expect(job)
                rows.append(
                    {
                        "rule": job.rule,
                        "jobs": 1,
                        "core_h": expected.core_h,
                        "n_unknown": int(math.isnan(expected.core_h)),
                        "based_on": expected.source,
                        "why": short_reason(job.reason),
                    }
                )
        columns = ["rule", "jobs", "core_h", "n_unknown", "based_on", "why"]
        table = pd.DataFrame(rows, columns=columns)
        return table.groupby("rule", sort=False, as_index=False).agg(
            {
                "jobs": "sum",
                "core_h": "sum",
                "n_unknown": "sum",
                "based_on": _joined,
                "why": _joined,
            }
        )


def _joined(values):
    return "; ".join(dict.fromkeys(values))


REASONS = {
    "Params have changed": "parameters changed",
    "Code has changed": "code changed",
    "Updated input files": "an input file changed",
    "Set of input files has changed": "other inputs",
    "Software environment": "environment changed",
    "Missing output": "no result yet",
    "Incomplete": "interrupted",
    "Input files updated by another job": "new inputs",
}


def short_reason(reason):
    """The first cause that Snakemake gives for a job, in short."""
    for mark, text in REASONS.items():
        if mark in reason:
            return text
    return reason or "asked for"


def as_hours(core_h, n_unknown=0):
    """Core-hours as text; what is unknown is said."""
    known = "0" if core_h == 0 else f"{core_h:.2g}" if core_h < 10 else f"{core_h:.0f}"
    if n_unknown == 0:
        return known
    return f"{known} + {n_unknown} unknown" if core_h > 0 else f"unknown ({n_unknown})"
