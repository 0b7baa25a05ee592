"""The clock of the laptop: a jump, or a clock behind the last edit, is told. The order of edits needs no clock."""

import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fieldsurvey.i18n import _

_EVERY_MS = 10_000
_MOST_SECONDS = 60.0  # time servers correct less than this without notice
_BEHIND_MS = 5 * 60_000


def steady() -> float:
    """Return seconds that also pass while the laptop sleeps, and that nobody can set."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    else:
        return time.monotonic()


class ClockWatch(QObject):
    """Compares the clock with one that cannot be set.

    Signals:
        told: (text) something is wrong with the clock.
    """

    told = Signal(str)

    def __init__(
        self, parent: QObject | None = None, wall: Callable[[], float] = time.time, even: Callable[[], float] = steady
    ) -> None:
        super().__init__(parent)
        self._wall, self._even = wall, even
        self._offset = wall() - even()
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.setObjectName("clock_watch")
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def stop(self) -> None:
        """Look no longer."""
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Compare once."""
        offset = self._wall() - self._even()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) > _MOST_SECONDS:
            text = (
                _("The clock of this computer jumped forward by {time}. Check date and time; no edit is lost by it.")
                if jump > 0
                else _("The clock of this computer jumped back by {time}. Check date and time; no edit is lost by it.")
            )
            self.told.emit(text.format(time=_in_words(abs(jump))))

    def compare(self, last_saved_ms: int | None) -> None:
        """Tell if the clock is behind the last edit of the project, whose time is in ms since 1970."""
        behind = (last_saved_ms or 0) - self._wall() * 1000
        if behind > _BEHIND_MS:
            text = _("The clock of this computer is {time} behind the last edit in this project. Check date and time.")
            self.told.emit(text.format(time=_in_words(behind / 1000)))


def _in_words(seconds: float) -> str:
    days, rest = divmod(round(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    if days:
        return _("{days} d {hours} h").format(days=days, hours=hours)
    if not hours:
        return _("{minutes} min").format(minutes=rest // 60)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=rest // 60)
