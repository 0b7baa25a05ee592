"""What stands around the questions of a form: title, pages, problems, photos on their way, buttons."""

from collections.abc import Mapping

from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.i18n import _
from ui.forms.base import NoWheel
from ui.forms.problems import ProblemList
from ui.widgets import button, titled

_EVERY_MS = 100  # that progress is shown anew
_LOW = 420  # px of height below which the frame is made low
_LEAST_AREA = 76  # px: a question and its editor


class FormFrame(QWidget):
    """The frame of a form. Its buttons are connected by FormPanel.

    Attributes:
        remarks: What the review said, by name of the question.
        locked: Why nothing may be changed; empty while it may.

    Signals:
        draft_clicked: () keep as a draft record.
        complete_clicked: () complete the form.
        close_clicked: () go back; nothing is lost.
    """

    draft_clicked = Signal()
    complete_clicked = Signal()
    close_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.remarks: Mapping[str, str] = {}
        self.locked = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 8)
        layout.addLayout(self._head())
        layout.addLayout(self._page_line())
        self.list = ProblemList()
        self.list.hide()
        layout.addWidget(self.list)
        self.notices = QVBoxLayout()  # what others say about the form
        layout.addLayout(self.notices)
        self.lock = titled("", "heading")
        self.lock.setObjectName("form_lock")
        self.lock.hide()
        self.notices.addWidget(self.lock)
        self.intake = IntakeRow()
        layout.addWidget(self.intake)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setMinimumHeight(_LEAST_AREA)
        layout.addWidget(self.area, 1)
        layout.addLayout(self._foot())

    def _head(self) -> QVBoxLayout:
        head = QVBoxLayout()
        line = QHBoxLayout()
        self.back = _tool("form_back", "←", _("Back to the list of forms"))
        self.back.setToolTip(_("Back to the list of forms (Esc)"))
        self.back.clicked.connect(self.close_clicked)
        self.title = QLabel()
        self.title.setObjectName("form_title")
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.translate = _tool("form_language", "中 / EN", _("Language of the form"))
        line.addWidget(self.back)
        line.addWidget(self.title, 1)
        line.addWidget(self.translate)
        self._title_line = line
        head.addLayout(line)
        self.progress = QProgressBar()
        self.progress.setObjectName("form_progress")
        self.progress.setFixedHeight(18)
        head.addWidget(self.progress)
        self.listening = ListeningMark()
        head.addWidget(self.listening)
        return head

    def _page_line(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.pages = QComboBox()
        self.pages.setObjectName("form_pages")
        self.pages.setAccessibleName(_("Page of the form"))
        self.pages.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.pages.installEventFilter(NoWheel(self.pages))
        self.problems = _tool("form_problems", _("What is missing"), _("List of what is missing or wrong"))
        self.problems.setToolTip(_("List of what is missing or wrong (Shift+F8); to the next problem: F8"))
        self.problems.setCheckable(True)
        self.problems.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._page_row = line
        self.status = QLabel()
        self.status.setObjectName("form_status")
        self.status.setWordWrap(True)
        self.status.setProperty("role", "hint")
        line.addWidget(self.pages)
        line.addWidget(self.status, 1)
        line.addWidget(self.problems)
        return line

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(4)
        self.previous = button("form_previous", _("Previous"))
        self.draft = button("form_draft", _("Save draft"), self.draft_clicked)
        self.complete = button("form_complete", _("Complete and submit"), self.complete_clicked)
        self.complete.setProperty("role", "primary")
        self.next = button("form_next", _("Next"))
        for each in (self.previous, self.draft, self.complete, self.next):
            foot.addWidget(each)
        return foot

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the questions the room where there is little: what stands above them moves into one line."""
        super().resizeEvent(event)
        is_low = self.height() < _LOW
        if is_low is not self.progress.isHidden():
            self.progress.setHidden(is_low)
            if is_low:
                self._title_line.insertWidget(self._title_line.count() - 1, self.problems)
            else:
                self._page_row.addWidget(self.problems)
            self._fit_status()

    def _fit_status(self) -> None:
        """Show the sentence about the form, but no empty line for it where there is little room."""
        self.status.setHidden(self.progress.isHidden() and not self.status.text())

    def show_lock(self, locked: str, *, is_again: bool) -> None:
        """Show why nothing may be changed, and whether the form is submitted for the first time or again."""
        self.locked = locked
        self.lock.setText(f"✔ {locked}")
        self.lock.setVisible(bool(locked))
        for each in (self.draft, self.complete):
            each.setEnabled(not locked)
        self.complete.setText(_("Submit again") if is_again else _("Complete and submit"))

    def say(self, text: str) -> None:
        """Show a sentence about the form."""
        self.status.setText(text)
        self._fit_status()


class ListeningMark(QWidget):
    """Says that the form records sound, for how long already, and lets it pause.

    Signals:
        switched: () the person wants it to pause, or to go on.
    """

    switched = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("form_listening")
        self.mark = titled("", "error")
        self.mark.setWordWrap(False)
        self.mark.setObjectName("listening_mark")
        self.words = titled("", "hint")
        self.switch = button("listening_switch", "", self.switched)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.mark)
        line.addWidget(self.words, 1)
        line.addWidget(self.switch)
        self.hide()

    def show_recording(self, seconds: int) -> None:
        """Show that it records, and how much there is."""
        self.mark.setText(_("● Recording {time}").format(time=f"{seconds // 60}:{seconds % 60:02}"))
        self.mark.show()
        self.words.setText(_("This form records sound until it is submitted. Everybody present has to know and agree."))
        self.switch.setText(_("Pause recording"))

    def show_paused(self, told: str) -> None:
        """Show that it does not record, and why if that is told."""
        self.mark.hide()
        self.words.setText(told or _("This form can record sound; nothing is recorded now."))
        self.words.setProperty("told", told)
        self.switch.setText(_("Record sound"))

    def told(self) -> str:
        """Return why it does not record, as it is shown; empty if nothing went wrong."""
        return str(self.words.property("told") or "") if self.mark.isHidden() else ""


class IntakeRow(QWidget):
    """Photos on their way into the project; work goes on beside it.

    Signals:
        cancelled: () the person wants no more of them.
    """

    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._shown = QElapsedTimer()
        self.bar = QProgressBar()
        self.bar.setObjectName("photo_progress")
        self.bar.setFixedHeight(18)
        self.stop = button("photo_cancel", _("Stop"), self.cancelled)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.bar, 1)
        line.addWidget(self.stop)
        self.hide()

    def show_progress(self, done: int, total: int) -> None:
        """Show how far it is; nothing for a single photo."""
        if 0 < done < total and self._shown.isValid() and self._shown.elapsed() < _EVERY_MS:
            return  # the bar paints itself at once, each time
        self._shown.restart()
        self.setVisible(total > 1)
        self.bar.setMaximum(max(total, 1))
        self.bar.setValue(done)
        self.bar.setFormat(_("Taking photos in: {done} of {total}").format(done=done, total=total))


def _tool(name: str, text: str, words: str) -> QToolButton:
    tool = QToolButton()
    tool.setObjectName(name)
    tool.setText(text)
    tool.setMinimumSize(36, 36)
    tool.setAccessibleName(words)
    return tool
