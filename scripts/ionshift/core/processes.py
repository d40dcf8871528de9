"""Programs that are started from here and must not outlive the process that started them."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any


class _Ended(BaseException):
    """SIGTERM has come."""


@contextmanager
def unwinding_at_sigterm() -> Iterator[None]:
    """In the block SIGTERM first leaves it, so that `finally` cleans up, and then does its work.

    For the main thread, which alone takes signals.
    """

    def leave(*_: Any) -> None:
        raise _Ended

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except _Ended:
        signal.signal(signal.SIGTERM, before)
        os.kill(os.getpid(), signal.SIGTERM)
        raise SystemExit(128 + signal.SIGTERM) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def run_in_group(command: Sequence[str], time_limit_s: float, **options: Any) -> str:
    """What a program writes, both streams; it and its children have ended when this returns.

    Raises
    ------
    subprocess.TimeoutExpired
        after the time limit.
    """
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        **options,
    )
    try:
        return process.communicate(timeout=time_limit_s)[0]
    finally:
        _kill_group(process)


def _kill_group(process):
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
