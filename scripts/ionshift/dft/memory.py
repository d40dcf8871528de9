"""Memory of the process."""

import ctypes


def return_freed_memory() -> None:
    """Give freed memory back to the system: glibc keeps that of many small arrays otherwise."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
