"""Say where a study stands: jobs, labels, failures with the end of their logs, what is left."""

import subprocess
import sys
import time
from pathlib import Path

from ionshift.cli.outlook import outlook
from ionshift.core.errors import InputError
from ionshift.runs import progress, status

SHOWN = {"running": "running", "failed": "FAILED", "stopped": "stopped"}
N_LOG_LINES = 6
NOTHING_RUNS = "nothing is running"


def main(path: Path) -> None:
    study, left = outlook(path)
    table = status.stage_table(left.jobs, left.systems, left.core_h)
    print(f"{study.study}: jobs done/all by stage and system\n")
    print(_stages(table, left.systems).to_string(na_rep=""))
    print(f"\nDFT labels\n\n{status.as_text(left.labels)}")
    total = status.as_hours(table["core_h_left"].sum(), table["n_unknown"].sum())
    print(f"core-hours left in all: {total}")
    first_page = Path("results") / study.study / "summary.html"
    if first_page.is_file():
        print(f"what was found: {first_page}")
    for job in left.jobs:
        if status.state(job) == "failed":
            print(f"\nFAILED {job.rule} {job.job}: {job.log}")
            print("\n".join(f"    {line}" for line in status.tail(job.log, N_LOG_LINES)))
    print(f"\n{_stages_by_state(left.jobs)}\n{_time_left(left.jobs, table)}")


def _stages_by_state(jobs):
    found = progress.of_stages(jobs, status.state)
    return "\n".join(f"stages {name}: {', '.join(found[name]) or 'none'}" for name in found)


def _time_left(jobs, table):
    """On the cores that the running jobs have; without any nothing goes on."""
    cores = sum(job.threads for job in jobs if status.state(job) == "running")
    core_h, n_unknown = table["core_h_left"].sum(), table["n_unknown"].sum()
    if not cores:
        return NOTHING_RUNS
    return f"{progress.time_left(core_h, n_unknown, cores)} (on the {cores} cores in use)"


def watch(path: Path, wait_s: float) -> None:
    """Say where a study stands again and again, until nothing runs; Ctrl-C ends it.

    Snakemake decides once a process, so each time takes one of its own.
    """
    command = [sys.executable, "-m", "ionshift.cli", "status", str(path)]
    while True:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise InputError(done.stderr.strip().removeprefix("ERROR "))
        print(f"{time.strftime('%H:%M:%S')}\n{done.stdout}", flush=True)
        if done.stdout.rstrip().endswith(NOTHING_RUNS):
            return
        time.sleep(wait_s)


def _stages(table, systems):
    cells = table.assign(cell=[_cell(row) for row in table.to_dict("records")])
    cells["system"] = cells["system"].replace("", "study")
    wide = cells.pivot(index="rule", columns="system", values="cell")
    columns = [name for name in ["study", *systems] if name in wide.columns]
    wide = wide.reindex(index=table["rule"].unique(), columns=columns)
    sums = table.groupby("rule")[["core_h_left", "n_unknown"]].sum().loc[wide.index]
    wide["core-h left"] = list(map(status.as_hours, sums["core_h_left"], sums["n_unknown"]))
    return wide.fillna("").rename_axis(index=None, columns=None)


def _cell(row):
    total = sum(row[name] for name in status.STATES)
    extra = [f"{row[name]} {text}" for name, text in SHOWN.items() if row[name]]
    return " ".join([f"{row['done']}/{total}", *extra])
