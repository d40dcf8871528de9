"""What every rule's script shares: its log and its way to fail."""

import fcntl
import sys
import time
import traceback
from pathlib import Path

from ionshift.errors import InputError


def launch(main, snakemake):
    """Run `main(snakemake, log)`.

    `log` writes timed lines to the rule's log file and to the console. An `InputError` ends
    the job with its message alone, any other exception with its traceback in the log. The log
    is locked: a job that outlived a killed Snakemake is waited for, never run beside itself.
    """
    label = "/".join([snakemake.rule, *map(str, snakemake.wildcards)])
    path = Path(str(snakemake.log))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        _wait_for_lock(handle, label)
        handle.truncate(0)

        def log(message):
            line = f"{time.strftime('%H:%M:%S')} {label}: {message}"
            print(line, file=handle, flush=True)
            print(line, file=sys.stderr, flush=True)

        try:
            main(snakemake, log)
        except InputError as error:
            log(f"ERROR {error}")
            sys.exit(1)
        except Exception:
            log(traceback.format_exc())
            raise


def _wait_for_lock(handle, label):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"{label}: an earlier process still does this job; waiting for it", file=sys.stderr)
        fcntl.flock(handle, fcntl.LOCK_EX)
