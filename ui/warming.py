"""Workspaces are made one by one while nobody touches the window, so that the first click finds them."""

from PySide6.QtCore import QObject, QTimer, Slot

from ui.rest import Rest
from ui.workspaces import Workspaces

_EVERY_MS = 1_000
_STILL_S = 3.0  # making a workspace halts the window for a tenth of a second


class Warming(QObject):
    """Makes the workspaces that nobody has seen yet, once a project is open."""

    def __init__(self, workspaces: Workspaces, rest: Rest, parent: QObject) -> None:
        super().__init__(parent)
        self._workspaces, self._rest = workspaces, rest
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.setObjectName("warming")
        self._timer.timeout.connect(self.look)

    @Slot()
    def start(self) -> None:
        """Begin, if there is anything left to make."""
        if self._workspaces.waiting:
            self._timer.start()

    def stop(self) -> None:
        """Make no more."""
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Make one more, if nobody has touched the window for a while."""
        waiting = self._workspaces.waiting
        if waiting and self._workspaces.isVisible() and self._rest.seconds() > _STILL_S:
            self._workspaces.page(waiting[0])
        if not self._workspaces.waiting:
            self.stop()
