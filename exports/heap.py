"""The garbage collector while many sheets are drawn."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 50_000  # between two rounds; Python's 700 makes a round of the whole heap every few sheets


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage seldom: drawing leaves next to none, and looking is a tenth of the time of a book."""
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
