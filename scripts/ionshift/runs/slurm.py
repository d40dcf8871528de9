"""SLURM before the first job: is it there, does it take our jobs, did an earlier run leave any?"""

import getpass
import itertools
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ionshift.core.errors import InputError

COMMANDS = ("sbatch", "squeue", "sinfo", "scontrol", "scancel")
LEAST_JOB_AGE_S = 240
"""The plugin looks for ended jobs every three minutes at the latest."""
CANCEL_WAIT_S = 120
NO_JOBS = {"-n", "--dry-run", "--dryrun", "--report", "--touch", "--summary", "--lint", "--unlock"}


def slurm_profile(arguments: Sequence[str]) -> dict[str, Any] | None:
    """Content of the profile that Snakemake's `arguments` name if it submits to SLURM, else None.

    Also None if the arguments start no jobs, as a dry run does.
    """
    if NO_JOBS & set(arguments):
        return None
    for flag, value in itertools.pairwise(arguments):
        path = Path(value) / "config.yaml"
        if flag in ("--profile", "--workflow-profile") and path.is_file():
            profile = yaml.safe_load(path.read_text()) or {}
            if profile.get("executor") == "slurm":
                return profile
    return None


def check(profile: dict[str, Any]) -> None:
    """Raise `InputError` if jobs of this profile cannot run; print warnings."""
    _check_commands()
    _check_folders()
    _check_requests(profile)
    _check_job_age(profile)


def _check_commands():
    missing = [name for name in COMMANDS if shutil.which(name) is None]
    if missing:
        raise InputError(
            f"the profile submits to SLURM, but {', '.join(missing)} cannot be found on PATH; "
            "run on a login node of the cluster (load its SLURM module), or without "
            "PROFILE=slurm on one machine"
        )
    done = _ask("scontrol", "ping")
    if done.returncode != 0:
        raise InputError(
            f"SLURM does not answer ({_text(done)}); ask `scontrol ping` until it is up, then "
            "start again: finished work is kept"
        )


def _check_folders():
    folders = {"the project folder": "."}
    folders |= {
        f"the scratch folder {name} = '{os.environ[name]}'": os.environ[name]
        for name in ("TMPDIR", "PYSCF_TMPDIR")
        if os.environ.get(name)
    }
    for what, folder in folders.items():
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            raise InputError(
                f"{what} cannot be written ({error.strerror}); name a folder that login and "
                "compute nodes can write"
            ) from None


def _check_requests(profile):
    accounts = _words(
        *("sacctmgr", "--noheader", "--parsable2", "list", "associations"),
        *(f"user={getpass.getuser()}", "format=account"),
    )
    for partition, account in requests(profile):
        options = [f"--partition={partition}"] if partition else []
        options += [f"--account={account}"] if account else []
        answer = _text(_ask("sbatch", "--test-only", *options, "--wrap=true"))
        if account and accounts and account.lower() not in accounts:
            answer = "not one of your accounts"
        elif not re.search(r"invalid (account|partition|qos)", answer, re.IGNORECASE):
            continue
        partitions = _words("sinfo", "--noheader", "--format=%R")
        raise InputError(
            f"SLURM refuses jobs with slurm_partition = {partition or '(none)'}, "
            f"slurm_account = {account or '(none)'}: {answer}; partitions are "
            f"{', '.join(partitions)}, your accounts {', '.join(accounts) or 'unknown'}: "
            "set them in the profile's default-resources"
        )


def requests(profile: Mapping[str, Any]) -> set[tuple[str | None, str | None]]:
    """Pairs of partition and account that rules may ask for."""
    default = _as_dict(profile.get("default-resources"))
    rules = [_as_dict(resources) for resources in (profile.get("set-resources") or {}).values()]
    return {
        (resources.get("slurm_partition"), account)
        for resources in (default | own for own in [{}, *rules])
        for account in re.split(r"[,\s]+", str(resources.get("slurm_account") or ""))
    }


def _as_dict(resources):
    if isinstance(resources, list):
        return dict(item.split("=", 1) for item in resources)
    return resources or {}


def _words(*command):
    """Sorted words of a command's output; none if there is no such command."""
    if shutil.which(command[0]) is None:
        return []
    return sorted(set(_ask(*command).stdout.split()))


def _check_job_age(profile):
    if profile.get("slurm-status-command") != "squeue":
        return
    found = re.search(r"MinJobAge\s*=\s*(\d+)", _ask("scontrol", "show", "config").stdout)
    if found and int(found.group(1)) < LEAST_JOB_AGE_S:
        print(
            f"WARNING squeue forgets a job {found.group(1)} s after its end (MinJobAge), the run "
            "may then wait for it for ever: set slurm-status-command to sacct in the profile, "
            "and do not scancel single jobs",
            flush=True,
        )


def cancel_leftovers(profile: dict[str, Any]) -> None:
    """Cancel the jobs that a killed run of this folder left in the queue, and wait for their end.

    One that starts later would delete and rewrite results that the new run takes for finished.
    """
    prefix = profile.get("slurm-jobname-prefix")
    jobs = _leftovers(prefix) if prefix else {}
    if not jobs:
        return
    listed = ", ".join(f"{job} ({comment})" for job, comment in jobs.items())
    print(f"Cancelling jobs that an earlier run of this folder left: {listed}", flush=True)
    _ask("scancel", *jobs)
    deadline = time.monotonic() + CANCEL_WAIT_S
    while set(_leftovers(prefix)) & set(jobs):
        if time.monotonic() > deadline:
            raise InputError(
                f"jobs {', '.join(jobs)} of an earlier run do not end; see `squeue --me`, and "
                "start again when they are gone"
            )
        time.sleep(1)


def _leftovers(prefix):
    """Dict of job number to comment of this folder's jobs in the queue."""
    done = _ask("squeue", f"--user={getpass.getuser()}", "--noheader", "--format=%A|%j|%k|%Z")
    rows = [line.split("|", 3) for line in done.stdout.splitlines()]
    here = Path.cwd().resolve()
    return {
        number: comment
        for number, name, comment, folder in rows
        if name.startswith(f"{prefix}_") and Path(folder).resolve() == here
    }


def _ask(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def _text(done):
    return " ".join((done.stdout + done.stderr).replace("*", " ").split())
