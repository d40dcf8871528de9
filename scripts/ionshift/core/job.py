"""What every rule's script shares: its log and its way to fail."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ionshift.core.errors import InputError
from ionshift.core.files import alone, lock_of

INTERRUPTED = 128 + signal.SIGINT
"""Exit code of a job that Ctrl-C ended, as shells have it."""


def let_scripts_import(library: str) -> None:
    """Put the folder of the library first where Python processes started from here look."""
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    kept = [path for path in others if path != library]
    os.environ["PYTHONPATH"] = os.pathsep.join([library, *kept])


def launch(main: Callable[[Any, Callable[[str], None]], object], snakemake: Any) -> None:
    """Run `main(snakemake, log)`.

    `log` writes timed lines to the rule's log file and to the console. An `InputError` ends
    the job with its message alone, any other exception with its traceback in the log. A lock is
    held beside the log (Snakemake removes the log of a job that it starts again): a job that
    outlived a killed Snakemake is waited for, never run beside itself.
    """
    label = "/".join([snakemake.rule, *map(str, snakemake.wildcards)])
    path = Path(str(snakemake.log))
    with alone(lock_of(path), lambda: _say_waiting(label)), path.open("w") as handle:

        def log(message):
            line = f"{time.strftime('%H:%M:%S')} {label}: {message}"
            print(line, file=handle, flush=True)
            print(line, file=sys.stderr, flush=True)

        _tell_end(signal.SIGTERM, log)
        try:
            main(snakemake, log)
        except InputError as error:
            log(f"ERROR {error}")
            sys.exit(1)
        except KeyboardInterrupt:
            log("interrupted (Ctrl-C); what is finished is kept, run it again to go on")
            sys.exit(INTERRUPTED)
        except Exception:
            log(traceback.format_exc())
            raise


def _tell_end(number, log):
    """Log a signal that ends this process: nothing else would say why it is gone."""

    def end(*_):
        log(f"ended by {signal.Signals(number).name} from outside (time limit, kill); run it again")
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(number, end)


def _say_waiting(label):
    print(f"{label}: an earlier process still does this job; waiting for it", file=sys.stderr)
