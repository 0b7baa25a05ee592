"""The plan workspace: a tab for each side of the plan, read when it is first seen."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from ui.jobs import JobRunner
from ui.plan.board import PlanBoard
from ui.project.holder import StoreHolder
from ui.project.session import Overview

_FOLLOW_MS = 1500  # after the last change of the project the plan is read again


class PlanPanel(QWidget):
    """The plan workspace."""

    def __init__(self, store_runner: JobRunner, work_runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__()
        self.setObjectName("plan")
        self.board = PlanBoard(store_runner, work_runner, holder)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("plan_tabs")
        self.tabs.addTab(self.board, _("Board"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self._is_stale = True
        self._now: Overview | None = None
        self._follow = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._follow.setObjectName("follow_plan")
        self._follow.timeout.connect(self._catch_up)

    @Slot(object)
    def show_project(self, now: Overview) -> None:
        """Read the plan again once the work rests: all of it, if more than the plan has changed."""
        before, self._now = self._now, now
        if before is None or before.path != now.path or _facts(before) != _facts(now):
            self._is_stale = True
        self._follow.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was left unread while nobody looked."""
        super().showEvent(event)
        self._catch_up()

    @Slot()
    def _catch_up(self) -> None:
        if not self.isVisible():
            return
        if self._is_stale:
            self._is_stale = False
            self.board.read()
        elif self.board.desk is not None:
            self.board.show_version(self.board.desk.version)

    def close_timer(self) -> None:
        """Stop following the project; for good."""
        self._follow.stop()


def _facts(now: Overview) -> tuple[object, ...]:
    """Return what scores and costs may depend on: everything but the plan itself."""
    return now.communities, now.progress, now.totals
