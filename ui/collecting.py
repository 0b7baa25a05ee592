"""Circles of garbage are looked for in the window's thread, and the whole heap only while the window rests.

Python's own collector runs in whichever thread asks for memory. A dialog that
is gone but for a circle would then be destroyed beside the window's thread, in
the midst of what Qt does there: a fault, now and then, far from its cause.
"""

import gc
import time
from functools import partial

from PySide6.QtCore import QObject, QTimer, Slot

from ui.rest import Rest

_EVERY_MS, _BUSY_MS = 250, 50  # between two looks; while much is made, by an import beside the window for one
_YOUNG = 20_000  # new objects that are looked through at once: about 3 ms
_STILL_S = 10.0  # going through the whole heap halts the window for a tenth of a second and more
_WHOLE_S, _AT_LAST_S = 300.0, 1800.0  # between two looks through the whole heap: at rest, and if there is none


class Collector(QObject):
    """Collects in place of Python as long as the window is open.

    Attributes:
        timer: Times the looks.
    """

    def __init__(self, rest: Rest, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rest = rest
        self._settled = time.monotonic()
        _going.add(id(self))
        self.destroyed.connect(partial(_ended, id(self)))  # a window may go without having been closed
        gc.disable()
        self.timer = QTimer(self, interval=_EVERY_MS)
        self.timer.setObjectName("collector")
        self.timer.timeout.connect(self.look)
        self.timer.start()

    def stop(self) -> None:
        """Leave it to Python again, once no other window is open."""
        self.timer.stop()
        _ended(id(self))

    @Slot()
    def look(self) -> None:
        """Collect what is young, if it is much; the whole heap, if it is time and nobody is at the window."""
        gc.disable()  # who kept it away for a while (survey_forms.hurry) may have called it back
        young, rounds, _old = gc.get_count()
        since = time.monotonic() - self._settled
        self.timer.setInterval(_BUSY_MS if young > _YOUNG else _EVERY_MS)
        if rounds and since > (_WHOLE_S if self._rest.seconds() > _STILL_S else _AT_LAST_S):
            self.settle()
        elif young > _YOUNG:
            gc.collect(0)

    def settle(self) -> None:
        """Collect the whole heap. What is left is not looked through again before the next time."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._settled = time.monotonic()


_going: set[int] = set()  # collectors of windows that are there


def _ended(number: int) -> None:
    _going.discard(number)
    if not _going:
        gc.enable()
