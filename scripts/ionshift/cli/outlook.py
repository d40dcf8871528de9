"""Where a study stands, for the commands that say it."""

from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError

from ionshift.core.errors import InputError
from ionshift.runs import costs, status
from ionshift.runs.jobs import workflow_jobs
from ionshift.studies import registry


def outlook(configfile: str | Path) -> tuple[Any, status.Outlook]:
    """The study of a configuration file with its `status.Outlook`.

    Raises
    ------
    InputError
        if the configuration is wrong.
    """
    results = Path("results")
    study = registry.load(configfile)
    try:
        jobs = workflow_jobs(configfile)
    except WorkflowError as error:
        raise InputError(str(error)) from None
    return study, status.Outlook(study, jobs, costs.Record(results, study.study), results)
