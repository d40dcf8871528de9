"""What jobs cost: recorded time and memory, and what is to be expected from them.

A core-hour is an hour of CPU time, as the benchmark files record it; waiting does not count.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

JOB_COLUMNS = ("study", "rule", "job", "wall_h", "core_h", "max_rss_MB")


def read_benchmarks(folder: Path, study: str = "") -> pd.DataFrame:
    """Recorded jobs of one study.

    Parameters
    ----------
    folder : folder of benchmark files, `{rule}.tsv` or `{rule}/{job}.tsv`

    Returns
    -------
    DataFrame with study, rule, job, wall_h, core_h, max_rss_MB, a row a job; what a benchmark
    does not tell (a job of a moment) is NaN.
    """
    rows = [
        {"study": study, **_job_of(path.relative_to(folder)), **_read_one(path)}
        for path in sorted(Path(folder).rglob("*.tsv"))
    ]
    return pd.DataFrame(rows, columns=list(JOB_COLUMNS))


def _job_of(path):
    parts = path.with_name(path.name.removesuffix(".tsv")).parts
    return {"rule": parts[0], "job": "/".join(parts[1:])}


def _read_one(path):
    row = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
    return {
        "wall_h": row["s"] / 3600,
        "core_h": row["cpu_time"] / 3600,
        "max_rss_MB": row["max_rss"],
    }


def benchmark_name(rule: str, path: str) -> str:
    """Name of a job within its rule, as its benchmark file has it; empty without a benchmark."""
    _, _, name = str(path).partition("benchmarks/")
    return name.removesuffix(".tsv").removeprefix(rule).removeprefix("/")


def cost_table(jobs: pd.DataFrame) -> pd.DataFrame:
    """Time and memory by rule, the most expensive first.

    Returns
    -------
    DataFrame with rule, n_jobs, core_h (sum), core_h_a_job (mean), core_h_a_job_sd (between jobs,
    NaN for one job), wall_h (sum), longest_wall_h, max_rss_MB (largest)
    """
    groups = jobs.groupby("rule")
    table = pd.DataFrame(
        {
            "n_jobs": groups.size(),
            "core_h": groups["core_h"].sum(min_count=1),
            "core_h_a_job": groups["core_h"].mean(),
            "core_h_a_job_sd": groups["core_h"].std(),
            "wall_h": groups["wall_h"].sum(min_count=1),
            "longest_wall_h": groups["wall_h"].max(),
            "max_rss_MB": groups["max_rss_MB"].max(),
        }
    )
    return table.sort_values("core_h", ascending=False).reset_index()


@dataclass(frozen=True)
class Expectation:
    """Expected core-hours of a job and where the number comes from; NaN when unknown."""

    core_h: float
    source: str


UNKNOWN = Expectation(math.nan, "nothing recorded")


class Record:
    """All recorded jobs under a results folder, seen from one study."""

    def __init__(self, results, study):
        self.study = study
        folders = sorted(Path(results).glob("*/benchmarks"))
        tables = [read_benchmarks(folder, folder.parent.name) for folder in folders]
        empty = pd.DataFrame(columns=list(JOB_COLUMNS))
        self.jobs = pd.concat([t for t in tables if len(t)] or [empty], ignore_index=True)

    def expect(self, rule: str, job: str) -> Expectation:
        """What a job will cost.

        The same job of this study, else the mean over the rule's jobs in this study, else over
        those of other studies (whose jobs can be of another size: the source names them).
        """
        same_rule = self.jobs[(self.jobs["rule"] == rule) & self.jobs["core_h"].notna()]
        own = same_rule[same_rule["study"] == self.study]
        same_job = own[own["job"] == job]
        if len(same_job):
            return Expectation(float(same_job["core_h"].iloc[-1]), "recorded")
        if len(own):
            return Expectation(float(own["core_h"].mean()), f"mean of {len(own)} jobs")
        if len(same_rule):
            names = ", ".join(sorted(set(same_rule["study"])))
            return Expectation(float(same_rule["core_h"].mean()), f"other studies: {names}")
        return UNKNOWN
