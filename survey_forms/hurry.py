"""Loading without pauses."""

import gc
import itertools
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unhurried(*, stays: bool = False) -> Iterator[None]:
    """Keep the collector of garbage away while a form is read: tens of thousands of nodes come and stay.

    Args:
        stays: Whether what was made is kept as long as the program runs. The collector then never looks through it
            again: with all default forms that would be 450,000 objects, and a pause of 150 ms each time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if stays:
            _settle(may_clean=was_on)
        if was_on:
            gc.enable()


def _settle(*, may_clean: bool) -> None:
    """Take everything there is out of the collector's sight; after many forms, let it clean up once instead.

    Who switched the collector off before, as a window does, cleans up at its own time and in its own thread.
    """
    if next(_settled) % _MOST_FORMS or not may_clean:
        gc.freeze()
    else:
        gc.unfreeze()
        gc.collect()


_MOST_FORMS = 200  # more than a project has: only checks of whole collections come that far
_settled = itertools.count(1)
