"""Workspaces are made one by one while nobody touches the window, so that the first click finds them."""

from PySide6.QtCore import QObject, QTimer, Slot

from ui.jobs import Job
from ui.rest import Rest
from ui.workspaces import Workspaces

_EVERY_MS = 1_000
_STILL_S = 3.0  # making a workspace halts the window for a tenth of a second


class Warming(QObject):
    """Makes the workspaces that nobody has seen yet, once a project is open."""

    def __init__(self, workspaces: Workspaces, rest: Rest, window: QObject) -> None:
        super().__init__(window)
        self._workspaces, self._rest, self._window = workspaces, rest, window
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
        """Make one more, if nobody has touched the window for a while and no job is under way.

        Behind a job may wait the one that reads the modules of a workspace; and somebody may look at its progress.
        """
        waiting, is_seen = self._workspaces.waiting, self._workspaces.isVisible()
        if waiting and is_seen and self._rest.seconds() > _STILL_S and not self._window.findChildren(Job):
            self._workspaces.page(waiting[0])
        if not self._workspaces.waiting:
            self.stop()
