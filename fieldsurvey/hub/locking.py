"""One writer at a time for the small files of a hub's folder: commands may run while the hub serves."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE = "hub.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until nobody else changes accounts or devices of the folder, and keep others out meanwhile.

    Args:
        folder: The hub's folder; it exists.
    """
    handle = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)  # this lets go of the lock


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
            except OSError:  # after ten tries of a second each
                continue
            return

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)
