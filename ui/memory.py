"""What was needed once is given back to the system: a check of the rules, a map of the whole city, a book of sheets.

glibc keeps what threads free, up to hundreds of MiB after long use, in an arena
for each of them. On a small laptop that is the memory of other programs.
"""

import ctypes
import sys

from PySide6.QtCore import QObject, QTimer, Slot

from fieldsurvey.jobs import JobControl
from ui.jobs import JobRunner

_EVERY_MS = 20_000
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # numbers of malloc.h
_ARENAS, _LARGE = 2, 1 << 20
_SLACK = 48 << 20  # bytes that are not worth it; giving back 100 MiB takes 12 ms, in another thread


class _Counts(ctypes.Structure):
    """What glibc says of its arenas (`struct mallinfo2`)."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    )  # fmt: skip


def _glibc() -> ctypes.CDLL | None:
    """Return the C library if it is a glibc that counts beyond 2 GiB (2.33 or newer), else None."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        return None
    library.mallinfo2.restype = _Counts
    return library


def spare() -> None:
    """Have the C library keep less for later; called before the first thread begins.

    Left to itself it opens up to eight arenas for each core, and after the
    first large picture that is freed it takes the next ones from them, where
    they leave holes. Pictures and arrays are of the system's own pages here,
    which go back at once. The map is drawn as quickly (benchmarks/bench_map.py).
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)


def slack() -> int:
    """Return how many bytes are free and kept; 0 where nobody knows."""
    library = _glibc()
    return int(library.mallinfo2().fordblks) if library is not None else 0


def give_back() -> None:
    """Give free memory back to the system. Nothing waits for it but threads that ask for memory just then."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


class Frugal(QObject):
    """Gives back from time to time, in a thread that is not the window's."""

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._is_asked = False
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.setObjectName("frugal")
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def stop(self) -> None:
        """Look no longer."""
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Give back if it is worth it, once the runner has time for it."""
        if not self._is_asked:
            self._is_asked = True
            self._runner.start(self._give)

    def _give(self, _control: JobControl) -> None:
        self._is_asked = False
        if slack() > _SLACK:
            give_back()
