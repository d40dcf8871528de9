"""Where a study stands: states of its jobs, its labels, and what is left to compute."""

from __future__ import annotations

import fcntl
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ionshift.config.protocol import Protocol
from ionshift.core.errors import InputError
from ionshift.core.files import lock_of
from ionshift.labels import sets
from ionshift.labels import store as labels_store
from ionshift.runs.costs import UNKNOWN, Expectation
from ionshift.solvation.sampling import n_to_label

if TYPE_CHECKING:
    from ionshift.config.study import LiquidStudy
    from ionshift.runs.jobs import Job

STATES = ("done", "running", "failed", "stopped", "to do")
ERROR_MARKS = ("ERROR", "Traceback", "Error:")
SHIPPED_LABELS = Path("resources/labels")


def state(job: Job) -> str:
    """State of a job, one of `STATES`.

    A job holds a lock beside its log (see `scripts/ionshift/core/job.py`) while it runs.
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


def is_locked(path: str | Path) -> bool:
    """Whether a living process holds a lock file."""
    try:
        with open(path) as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def tail(path: str | Path, n_lines: int) -> list[str]:
    """Last lines of a text file."""
    return Path(path).read_text(errors="replace").splitlines()[-n_lines:]


def stage_table(
    jobs: Sequence[Job], systems: Collection[str], expect: Callable[[Job], float]
) -> pd.DataFrame:
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


def label_table(
    study: LiquidStudy, results: Path, chosen_anew: Collection[str] = ()
) -> pd.DataFrame:
    """DFT labels by system.

    Parameters
    ----------
    study : config.Study
    results : Path of all results, `results`
    chosen_anew : systems whose clusters will be chosen again, so that those there do not count

    Returns
    -------
    DataFrame with system, clusters, ok, unconverged, failed, to_do, core_h (mean of a label),
    core_h_left and chosen: where the clusters are not chosen yet (False), `to_do` is an upper
    bound, as some may be in the store. core_h is that of the system's own labels; while there is
    none, of the study's; then of `label_core_h`; NaN if there is none either.
    """
    n_planned = {system: n_to_label(study.sampling, system) for system in study.systems}
    records = {}
    for system in study.systems:
        path = results / study.study / "clusters" / f"{system}.extxyz"
        written = path.is_file() and path.stat().st_size
        if written and n_planned[system] and system not in chosen_anew:
            records[system] = _records(path, study.labelling)
    anywhere_h = _mean_core_h([one for found in records.values() for one in found])
    if math.isnan(anywhere_h):
        folders = [*sorted(results.glob("*/labels")), SHIPPED_LABELS]
        anywhere_h = label_core_h(study.labelling.chosen_protocol(), folders)
    rows = [
        {"system": system}
        | _progress(records.get(system), n_planned[system], anywhere_h)
        | {"chosen": system in records}
        for system in study.systems
    ]
    return pd.DataFrame(rows)


def _records(path, labelling):
    """The store's record of every cluster of a file; {} where it is to do (again)."""
    store, protocol = labels_store.LabelStore(labelling.store), labelling.chosen_protocol()
    return [
        _record(
            store,
            labels_store.label_key(atoms, atoms.info["charge"], protocol),
            labels_store.nuclei_of(atoms, labelling.nuclei),
        )
        for atoms in sets.read_clusters(path)
    ]


def _record(store, key, nuclei):
    try:
        record = store.get(key)
    except (KeyError, InputError):
        return {}
    return record if labels_store.is_enough(record, nuclei) else {}


def _progress(records, n_planned, anywhere_h):
    """Counts and costs of one system; `records` is None where its clusters are not chosen."""
    found = [{}] * n_planned if records is None else records
    counts = {
        name: sum(record.get("status") == name for record in found)
        for name in ("ok", "unconverged", "failed")
    }
    to_do = len(found) - sum(counts.values())
    own_h = _mean_core_h(found)
    core_h = anywhere_h if math.isnan(own_h) else own_h
    left_h = to_do * core_h if to_do else 0.0
    costs = {"to_do": to_do, "core_h": core_h, "core_h_left": left_h}
    return {"clusters": len(found), **counts, **costs}


def _mean_core_h(records):
    cpu_s = [record["cpu_s"] for record in records if record.get("cpu_s")]
    return sum(cpu_s) / len(cpu_s) / 3600 if cpu_s else math.nan


def label_core_h(protocol: Protocol, folders: Iterable[Path]) -> float:
    """Mean core-hours of a label of a protocol over all label tables found, NaN without one.

    Parameters
    ----------
    folders : folders to search for `*.parquet` label tables, deeply
    """
    columns = ["key", "cpu_s", "protocol_hash"]
    tables = [
        pd.read_parquet(path, columns=columns)
        for folder in folders
        for path in sorted(Path(folder).rglob("*.parquet"))
    ]
    if not tables:
        return math.nan
    found = pd.concat(tables, ignore_index=True).drop_duplicates("key")
    mine = found["protocol_hash"] == labels_store.protocol_hash(protocol)
    return float(found.loc[mine, "cpu_s"].mean()) / 3600


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
        self.labels = label_table(study, results, chosen_anew)

    def core_h(self, job: Job) -> float:
        """Expected core-hours of a job, NaN if unknown."""
        return self.expect(job).core_h

    def expect(self, job: Job) -> Expectation:
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
        left = self.labels.set_index("system").loc[system]
        if left["to_do"] == 0 or shards == 0:
            return Expectation(0.0, "all labels in the store")
        if math.isnan(left["core_h"]):
            return UNKNOWN
        return Expectation(left["core_h_left"] / shards, "mean of finished labels")

    def plan(self) -> pd.DataFrame:
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


def as_text(table: pd.DataFrame) -> str:
    """A `label_table` as text, with its sums in the last line."""
    shown = table.drop(columns="chosen").to_string(
        index=False, float_format="%.3f", na_rep="unknown"
    )
    counts = table[["ok", "unconverged", "failed", "to_do"]].sum()
    listed = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    left_h = as_hours(table["core_h_left"].sum(), int(table["core_h_left"].isna().sum()))
    return f"{shown}\n{listed}; core-hours left: {left_h}"


def short_reason(reason: str) -> str:
    """The first cause that Snakemake gives for a job, in short."""
    for mark, text in REASONS.items():
        if mark in reason:
            return text
    return reason or "asked for"


def as_hours(core_h: float, n_unknown: int = 0) -> str:
    """Core-hours as text; what is unknown is said."""
    known = "0" if core_h == 0 else f"{core_h:.2g}" if core_h < 10 else f"{core_h:.0f}"
    if n_unknown == 0:
        return known
    return f"{known} + {n_unknown} unknown" if core_h > 0 else f"unknown ({n_unknown})"
