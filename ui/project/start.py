"""The start page: recent projects, a new one, the sample."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.jobs import Progress
from ui.jobs import Job
from ui.project.recent import RecentProject, RecentProjects
from ui.widgets import button

_GAP = 40  # px between the two columns
_BUTTON = (360, 48)  # px
_MOST_WIDTH = 480  # px of the column
_MOST_STEPS = 1 << 30  # a progress bar counts no further


class StartPage(QWidget):
    """What is seen before a project is open.

    Signals:
        new_wanted, open_wanted, sample_wanted, receive_wanted: () a button was pressed.
        person_named: (name) who works on this laptop.
        recent_wanted: (path) a recent project was chosen.
        forget_wanted: (path) a project is no longer to be listed.
        handover_wanted: () a project is to be made from hand-over files.
        said: () a sentence is shown, which a low window may have to scroll to.
    """

    new_wanted = Signal()
    open_wanted = Signal()
    sample_wanted = Signal()
    receive_wanted = Signal()
    person_named = Signal(str)
    recent_wanted = Signal(str)
    forget_wanted = Signal(str)
    handover_wanted = Signal()
    said = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start_page")
        self._outer = outer = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        outer.setSpacing(_GAP)
        outer.addStretch(1)
        self._column = QWidget()
        self._column.setMaximumWidth(_MOST_WIDTH)
        column = QVBoxLayout(self._column)
        column.setSpacing(12)
        column.addStretch(1)
        name = QLabel(_("Renovation survey"))
        name.setStyleSheet("font-size: 28px; font-weight: 600;")
        column.addWidget(name)
        column.addWidget(QLabel(_("Old residential communities: map, survey, sync, assessment sheets")))
        column.addSpacing(16)
        self.person = QLineEdit()
        self.person.setObjectName("start_person")
        self.person.setAccessibleName(_("Your name"))
        self.person.setPlaceholderText(_("Your name, as it stands on the sheets"))
        self.person.setMinimumHeight(40)
        self.person.editingFinished.connect(self._name_person)
        column.addWidget(self.person)
        for key, text, signal in (
            ("start_sample", _("Open the sample project"), self.sample_wanted),
            ("start_handover", _("New project from hand-over files …"), self.handover_wanted),
            ("start_new", _("New project …"), self.new_wanted),
            ("start_open", _("Open project …"), self.open_wanted),
            ("start_receive", _("Receive a project from the office or a USB stick …"), self.receive_wanted),
        ):
            entry = button(key, text, signal)
            entry.setMinimumSize(*_BUTTON)
            column.addWidget(entry)
        self.message = QLabel()
        self.message.setObjectName("start_message")
        self.message.setWordWrap(True)
        self.message.setMaximumWidth(420)
        column.addWidget(self.message)
        self._ways = QVBoxLayout()
        column.addLayout(self._ways)
        self.progress = QProgressBar()
        self.progress.setObjectName("start_progress")
        self.progress.hide()
        column.addWidget(self.progress)
        self.stop = QPushButton(_("Cancel"))
        self.stop.setObjectName("start_stop")
        self.stop.setMinimumHeight(40)
        self.stop.clicked.connect(self._cancel)
        self.stop.hide()
        column.addWidget(self.stop)
        self._job: Job | None = None
        column.addStretch(2)
        outer.addWidget(self._column)
        self.recent = RecentProjects()
        self.recent.chosen.connect(self.recent_wanted)
        self.recent.forget_wanted.connect(self.forget_wanted)
        outer.addWidget(self.recent)
        outer.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the recent projects above the rest where there is no room beside it: they are what most come for."""
        super().resizeEvent(event)
        is_narrow = self.width() < _BUTTON[0] + RecentProjects.WIDTH + 2 * _GAP
        is_beside = self._outer.direction() is QBoxLayout.Direction.LeftToRight
        if is_narrow is is_beside:
            ways = QBoxLayout.Direction
            self._outer.setDirection(ways.BottomToTop if is_narrow else ways.LeftToRight)
            for part in (self._column, self.recent):
                self._outer.setAlignment(part, Qt.AlignmentFlag.AlignHCenter if is_narrow else Qt.AlignmentFlag(0))
            self.recent.stand(is_low=is_narrow)

    @Slot()
    def _name_person(self) -> None:
        self.person_named.emit(self.person.text().strip())

    def show_recent(self, projects: Sequence[RecentProject]) -> None:
        """Show the projects that were open last, and how each stands."""
        self.recent.show_projects(projects)

    def offer(self, ways: Sequence[tuple[str, str, Callable[[], object]]]) -> None:
        """Offer what can be done about what was said: name, text and deed of each button; none ends the offer."""
        while (item := self._ways.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for name, text, run in ways:
            self._ways.addWidget(button(f"way_{name}", text, run))
        if ways:
            self.said.emit()

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show a sentence."""
        self.message.setProperty("role", "error" if wrong else "hint")
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)
        self.message.setText(text)
        if text:
            self.said.emit()
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def watch(self, job: Job, text: str, stopped: str) -> None:
        """Show how far a job is, with a button that stops it.

        Args:
            job: What brings a project.
            text: What is being done.
            stopped: What is said once it was stopped.
        """
        self.say(text)
        self._job, self._stopped = job, stopped
        self.progress.setRange(0, 0)
        for widget in (self.progress, self.stop):
            widget.show()
        job.progressed.connect(self._progressed)
        job.cancelled.connect(self._cancelled)
        for signal in (job.succeeded, job.failed, job.cancelled):
            signal.connect(self._ended)

    @Slot()
    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    @Slot(object)
    def _progressed(self, progress: Progress) -> None:
        self.progress.setRange(0, min(progress.total or 0, _MOST_STEPS))
        self.progress.setValue(min(progress.done, _MOST_STEPS))
        self.say(progress.note)

    @Slot()
    def _cancelled(self) -> None:
        self.say(self._stopped)

    @Slot()
    def _ended(self) -> None:
        self._job = None
        for widget in (self.progress, self.stop):
            widget.hide()
