"""Where a study stands, for the commands that say it."""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from ionshift.core.errors import InputError
from ionshift.runs import costs, status
from ionshift.runs.jobs import workflow_jobs
from ionshift.studies import registry


def outlook(configfile):
    """The study of a configuration file with its `status.Outlook`; ends with a message if wrong."""
    results = Path("results")
    try:
        study = registry.load(configfile)
        jobs = workflow_jobs(configfile)
        record = costs.Record(results, study.study)
        return study, status.Outlook(study, jobs, record, results)
    except (InputError, WorkflowError) as error:
        sys.exit(str(error))
