"""What the review said about the open form: at the top, at each question, and the lock of what is approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from fieldsurvey.assess.review.people import person_here
from fieldsurvey.assess.review.remarks import Thread, answer, threads_of
from fieldsurvey.assess.review.steps import community_status
from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.i18n import _, labelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.review import LOCKED, ReviewState, locked_sentence, state_of
from survey_forms.layout import layout_of
from survey_forms.records import Opened
from ui.forms.panel import FormPanel
from ui.jobs import JobRunner
from ui.project.holder import StoreHolder
from ui.widgets import button
from ui.words import moment

_MOST = 190  # px of the strip; beyond that it scrolls
_AGAIN = {ReviewState.RETURNED, ReviewState.SUPERSEDED}


@dataclass(frozen=True, slots=True)
class Told:
    """What the review said about a record.

    Attributes:
        state: Where the record stands.
        is_locked: Whether nothing may be changed.
        threads: The open remarks.
    """

    state: ReviewState
    is_locked: bool
    threads: Sequence[Thread]


class RemarkStrip(QScrollArea):
    """The open remarks, each with a way to its question and a line for the answer.

    Signals:
        question_wanted: (column) the cursor is to go to a question.
        answered: (Thread, text) what the surveyor answers.
    """

    question_wanted = Signal(str)
    answered = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("form_remarks")
        self.setAccessibleName(_("Remarks of the review"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hide()

    def show_threads(self, threads: Sequence[Thread], labels: Mapping[str, str]) -> None:
        """Show remarks; labels are those of the questions by column."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(6, 4, 6, 4)
        for number, thread in enumerate(threads):
            column.addWidget(self._thread(number, thread, labels.get(thread.remark.field, "")))
        column.addStretch(1)
        self.setWidget(page)
        self.setVisible(bool(threads))
        self.setFixedHeight(min(_MOST, page.sizeHint().height() + 6) if threads else 0)

    def _thread(self, number: int, thread: Thread, label: str) -> QFrame:
        frame = QFrame()
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 4)
        said = QLabel(words_of(thread, label))
        said.setObjectName(f"remark_{number}")
        said.setWordWrap(True)
        said.setProperty("role", "error")
        column.addWidget(said)
        for reply in thread.answers:
            told = QLabel(f"↳ {labelled(f'{reply.person} {moment(reply.at)}', reply.text)}")
            told.setWordWrap(True)
            column.addWidget(told)
        line = QHBoxLayout()
        if thread.remark.field:
            go = partial(self.question_wanted.emit, thread.remark.field)
            line.addWidget(button(f"remark_go_{number}", _("To the question"), go))
        text = QLineEdit()
        text.setObjectName(f"remark_answer_{number}")
        text.setAccessibleName(_("Answer to the remark"))
        text.setPlaceholderText(_("Answer …"))
        text.setMinimumHeight(36)
        send = button(f"remark_send_{number}", _("Answer"), partial(self._send, thread, text))
        text.returnPressed.connect(send.click)
        line.addWidget(text, 1)
        line.addWidget(send)
        column.addLayout(line)
        return frame

    def _send(self, thread: Thread, line: QLineEdit) -> None:
        self.answered.emit(thread, line.text())


def words_of(thread: Thread, label: str) -> str:
    """Return a remark as it reads: who, when, about what."""
    said = labelled(label, thread.remark.text) if label else thread.remark.text
    place = " ⌖" if thread.remark.place else ""
    return f"↩ {thread.remark.person} {moment(thread.remark.at)} {said}{place}"


class FormReview(QObject):
    """Brings the remarks of the open form from the store, and takes answers there."""

    def __init__(self, panel: FormPanel, runner: JobRunner, holder: StoreHolder, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._runner, self._holder = panel, runner, holder
        self._opened: Opened | None = None
        self.strip = RemarkStrip()
        panel.notices.addWidget(self.strip)
        self.strip.question_wanted.connect(self._go)
        self.strip.answered.connect(self._answer)

    def begin(self, opened: Opened | None) -> None:
        """Show what was said about a form; None: no form is open."""
        self._opened = opened
        self.strip.show_threads([], {})
        record = opened.record if opened else None
        state = state_of(record.values.get("status") if record else None)
        locked = locked_sentence() if state is LOCKED else ""  # at once: nothing may be typed before the store answers
        self._panel.show_review({}, locked, is_again=state in _AGAIN)
        if opened is not None:
            self._read()

    def _read(self) -> None:
        opened = self._opened
        if opened is None:
            return
        uid = opened.record.uid if opened.record else ""
        community = opened.subject.community_uid

        def work(_control: JobControl) -> tuple[Opened, Told]:
            store = self._holder.store
            row = store.get(uid) if uid else None
            state = state_of(row.values["status"] if row else None)
            is_locked = state is LOCKED or (row is None and community_status(store, community) is LOCKED)
            found = [thread for thread in threads_of(store, uid) if thread.is_open] if uid else []
            return opened, Told(state, is_locked, found)

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._show)
        job.failed.connect(self._failed)

    @Slot(object)
    def _show(self, result: object) -> None:
        opened, told = cast("tuple[Opened, Told]", result)
        if opened is not self._opened:
            return
        labels = {
            column: self._label(path)
            for path, column in layout_of(opened.session.form).columns.items()
            if any(thread.remark.field == column for thread in told.threads)
        }
        self.strip.show_threads(told.threads, labels)
        by_name = {path.rpartition("/")[2]: column for path, column in layout_of(opened.session.form).columns.items()}
        remarks: dict[str, str] = {}
        for name, column in by_name.items():
            said = [words_of(thread, "") for thread in told.threads if thread.remark.field == column]
            if said:
                remarks[name] = "\n".join(said)
        locked = locked_sentence() if told.is_locked else ""
        self._panel.show_review(remarks, locked, is_again=told.state in _AGAIN)

    def _label(self, path: str) -> str:
        return self._opened.session.label(path) if self._opened else ""

    @Slot(str)
    def _go(self, column: str) -> None:
        if self._opened is None:
            return
        columns = layout_of(self._opened.session.form).columns
        path = next((path for path, name in columns.items() if name == column), "")
        if path:
            self._panel.go_to(path)

    @Slot(object, str)
    def _answer(self, thread: object, text: str) -> None:
        def work(_control: JobControl) -> None:
            store = self._holder.store
            answer(store, person_here(store), cast("Thread", thread), text)

        job = self._runner.start(work, quick=True)
        job.succeeded.connect(self._read)
        job.failed.connect(self._failed)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not isinstance(error, FieldSurveyError):
            raise error
        self._panel.say(str(error))
