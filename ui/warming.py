"""Workspaces are made one by one while nobody touches the window, so that the first click finds them."""

from PySide6.QtCore import QObject, QPoint, QTimer, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit

from ui.workspaces import Workspaces

_EVERY_MS = 1_000
_RESTS = 3  # looks in a row at which nothing moved: making a workspace halts the window for a tenth of a second


class Warming(QObject):
    """Makes the workspaces that nobody has seen yet, once a project is open."""

    def __init__(self, workspaces: Workspaces, parent: QObject) -> None:
        super().__init__(parent)
        self._workspaces, self._pointer, self._rests = workspaces, QPoint(), 0
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.setObjectName("warming")
        self._timer.timeout.connect(self.look)

    @Slot()
    def start(self) -> None:
        """Begin, if there is anything left to make."""
        self._rests = 0
        if self._workspaces.waiting:
            self._timer.start()

    def stop(self) -> None:
        """Make no more."""
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Make one more, if nobody has moved the pointer for a while and nobody writes."""
        before, self._pointer = self._pointer, QCursor.pos()
        is_writing = isinstance(QApplication.focusWidget(), QLineEdit | QTextEdit | QPlainTextEdit)
        is_busy = is_writing or before != self._pointer or not self._workspaces.isVisible()
        self._rests = 0 if is_busy else self._rests + 1
        if self._rests >= _RESTS and self._workspaces.waiting:
            self._workspaces.page(self._workspaces.waiting[0])
        if not self._workspaces.waiting:
            self.stop()
