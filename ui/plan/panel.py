"""The plan workspace: a tab for each side of the plan, read when it is seen."""

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from ui.jobs import JobRunner
from ui.plan.board import PlanBoard
from ui.plan.lifts_page import LiftsPage
from ui.plan.numbers_page import NumbersPage
from ui.plan.page import Page
from ui.plan.progress_page import ProgressPage
from ui.plan.scores_page import ScoresPage
from ui.project.holder import StoreHolder
from ui.project.overview import Overview

_FOLLOW_MS = 1500  # after the last change of the project the plan is read again


class PlanPanel(QWidget):
    """The plan workspace.

    Signals:
        record_wanted: (Subject) a record is to be opened.
    """

    record_wanted = Signal(object)

    def __init__(self, store_runner: JobRunner, work_runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__()
        self.setObjectName("plan")
        self.board = PlanBoard(store_runner, work_runner, holder)
        self.scores = ScoresPage(store_runner, holder)
        self.progress = ProgressPage(store_runner, holder)
        self.lifts = LiftsPage(store_runner, holder)
        self.numbers = NumbersPage(store_runner, holder)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("plan_tabs")
        for page, text in (
            (self.board, _("Board")), (self.scores, _("Scores and costs")), (self.progress, _("Money and progress")),
            (self.lifts, _("Lifts")), (self.numbers, _("Parameters and prices")),
        ):  # fmt: skip
            self.tabs.addTab(page, text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self._stale = {self.board, self.scores, self.progress, self.lifts, self.numbers}
        self._now: Overview | None = None
        self._follow = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._follow.setObjectName("follow_plan")
        self._follow.timeout.connect(self._catch_up)
        self.tabs.currentChanged.connect(self._catch_up)
        self.scores.record_wanted.connect(self.record_wanted)
        self.lifts.record_wanted.connect(self.record_wanted)

    @Slot(object)
    def show_project(self, now: Overview) -> None:
        """Read what is seen again once the work rests; the board whole only if more than the plan has changed.

        The stairwells are judged again when the project is opened or the person asks: it takes some seconds.
        """
        before, self._now = self._now, now
        if before is None or before.path != now.path:
            self._stale = {self.board, self.scores, self.progress, self.lifts, self.numbers}
        elif _facts(before) != _facts(now):
            self._stale |= {self.board, self.scores, self.progress, self.numbers}
        elif before.last_saved_ms != now.last_saved_ms:
            self._stale |= {self.progress, self.scores, self.numbers}
        self._follow.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was left unread while nobody looked."""
        super().showEvent(event)
        self._catch_up()

    @Slot()
    def _catch_up(self) -> None:
        page = self.tabs.currentWidget()
        if not self.isVisible():
            return
        if page in self._stale and isinstance(page, PlanBoard | Page):
            self._stale.discard(page)
            page.read()
        elif page is self.board and self.board.desk is not None:
            self.board.show_version(self.board.desk.version)

    def close_timer(self) -> None:
        """Stop following the project; for good."""
        self._follow.stop()


def _facts(now: Overview) -> tuple[object, ...]:
    """Return what scores and costs may depend on: everything but the plan itself."""
    return now.communities, now.progress, now.totals
