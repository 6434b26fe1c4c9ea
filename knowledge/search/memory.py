"""Memory that a build leaves behind."""

import ctypes
import os


def return_memory() -> None:
    """Gives freed memory back to the system, where the C library (glibc) would rather keep it for later."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
