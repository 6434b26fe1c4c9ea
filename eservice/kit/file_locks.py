"""Locks on files, held by a process for as long as it lives: a kill lets go of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where nothing here holds anybody back
    fcntl = None


@contextmanager
def held(path: Path, *, alone: bool) -> Iterator[bool]:
    """Holds a lock for the block, with others or alone. False: somebody is in the way; it never waits.

    The file is made if need be and stays; it holds nothing.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield _lock(descriptor, alone=alone)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, alone: bool) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
