"""Answer, in one process, what Snakemake would do for each of many configurations.

Runs in a project's folder: `python planner.py` reads one JSON request a line (`configfile`,
`check_files`) and writes one JSON answer a line (`jobs` or `error`). Every request is planned by
Snakemake itself in a fork of this process, which has already imported what the Snakefile needs.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path("scripts").resolve()))

import smart_open  # noqa: F401  Snakemake imports it late

from ionshift.core import provenance
from ionshift.runs import preflight
from ionshift.runs.jobs import workflow_jobs


def plan(request):
    if not request["check_files"]:
        preflight.check = lambda study: None
    try:
        return {"jobs": [asdict(job) for job in workflow_jobs(request["configfile"])]}
    except Exception as error:
        return {"error": str(error) or type(error).__name__}


def answer_in_fork(request):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with os.fdopen(writer, "w") as handle:
            handle.write(json.dumps(plan(request)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as handle:
        text = handle.read()
    os.waitpid(child, 0)
    return text or json.dumps({"error": "the planning process died"})


if __name__ == "__main__":
    for script in Path("scripts").resolve().glob("*/*.py"):
        provenance.code_hash(script)
    for line in sys.stdin:
        print(answer_in_fork(json.loads(line)), flush=True)
