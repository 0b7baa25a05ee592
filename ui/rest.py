"""Whether somebody is at the window just now, or it rests."""

import time

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication, QWidget

_HANDS = frozenset(
    {
        QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease, QEvent.Type.Wheel,
        QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.TouchBegin, QEvent.Type.TouchUpdate,
        QEvent.Type.TouchEnd, QEvent.Type.TabletMove, QEvent.Type.TabletPress, QEvent.Type.NativeGesture,
        QEvent.Type.Resize, QEvent.Type.Move,
    }
)  # fmt: skip


class Rest(QObject):
    """Knows when a window was last touched by mouse, keys or finger. What halts it for a moment waits for a rest."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._watched: QWindow | None = None
        self._touched = time.monotonic()

    def seconds(self) -> float:
        """Return for how many seconds nobody has touched the window; 0 while a menu or dialog is open over it."""
        self._watch()
        if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None:
            return 0.0
        return time.monotonic() - self._touched

    def _watch(self) -> None:
        """Look at what comes in for the window. What the system knows of it is made when it is first shown."""
        if not self._window.internalWinId():
            return
        found = self._window.windowHandle()
        if found is not self._watched:
            self._watched = found
            found.installEventFilter(self)
            self._touched = time.monotonic()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note the time of a touch."""
        if event.type() in _HANDS:
            self._touched = time.monotonic()
        return super().eventFilter(watched, event)
