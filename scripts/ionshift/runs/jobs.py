"""The jobs of a study as Snakemake sees them now: what is done, what a run would do."""

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)

from ionshift.runs.costs import benchmark_name


@dataclass
class Job:
    """One job; `to_do` says whether a run would execute it, `reason` why; `stage` has its rule."""

    rule: str
    wildcards: dict
    log: str
    benchmark: str
    output: list = field(repr=False)
    threads: int = 1
    to_do: bool = False
    reason: str = ""
    stage: str = ""

    @property
    def job(self) -> str:
        """The job within its rule, as its benchmark file is named; empty without one."""
        return benchmark_name(self.rule, self.benchmark)

    @property
    def missing(self) -> bool:
        """Whether an output file does not exist."""
        return not all(Path(path).exists() for path in self.output)


def workflow_jobs(configfile: str | Path) -> list[Job]:
    """All jobs with output that the study needs, in the order of the rules.

    Snakemake decides in this process, so ask once a process. Nothing is run or written, and a
    run that goes on meanwhile is not disturbed.

    Raises
    ------
    WorkflowError
        if the configuration is wrong
    """
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, dryrun=True)) as api,
    ):
        study = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[Path(configfile)]),
        )
        study.dag(DAGSettings(force_incomplete=True)).summary()
        dag = study._workflow.dag
        place = {rule.name: number for number, rule in enumerate(dag.workflow.rules)}
        jobs = [_job(job, dag) for job in dag.jobs if job.output]
    return sorted(jobs, key=lambda job: (place[job.rule], job.log))


def _job(job, dag):
    return Job(
        rule=job.rule.name,
        wildcards=dict(job.wildcards_dict),
        log=str(job.log[0]) if job.log else "",
        benchmark=str(job.benchmark or ""),
        output=[str(path) for path in job.output],
        threads=job.threads,
        to_do=bool(dag.needrun(job)),
        reason=str(dag.reason(job)),
        stage=Path(job.rule.snakefile).stem,
    )
