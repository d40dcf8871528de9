"""CPU time of a call, for the benchmarks."""

import time
from collections.abc import Callable
from typing import Any


def cpu_time(call: Callable[..., Any], repeats: int = 1) -> tuple[Any, float]:
    """Result of `call` and its CPU seconds, the mean of `repeats` runs."""
    start = time.process_time()
    for _ in range(repeats):
        result = call()
    return result, (time.process_time() - start) / repeats
