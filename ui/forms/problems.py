"""The list of what is wrong, must be answered, or is still blank: one click or Enter goes there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from time import perf_counter

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListView

from fieldsurvey.i18n import _, labelled
from survey_forms import Problem, Question, Session
from survey_forms.markdown import to_html

_ROW_PX, _ROWS = 36, 5
_MOST_BLANK = 300  # blank questions listed after what is wrong; a longer list is no list to work off
_WAIT_MS = 120  # counting all answers of a long form must not hold up a keystroke,
_SLICE_S = 0.006  # nor a frame
_Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True)
class Findings:
    """How far a form is.

    Attributes:
        answered, asked: Questions with an answer, and in all.
        wrong: (path, what is wrong), in order.
        blank: Paths of what is blank and may stay so.
    """

    answered: int = 0
    asked: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    blank: list[str] = field(default_factory=list)

    def add(self, path: str, problem: Problem | None, *, has_answer: bool) -> None:
        """Count a question."""
        self.asked += 1
        self.answered += has_answer
        if problem is not None:
            self.wrong.append((path, problem.message))
        elif not has_answer and len(self.blank) < _MOST_BLANK:
            self.blank.append(path)


class Review(QObject):
    """Counts the answers of a form a little after each change, in slices between which the window works.

    Signals:
        found: (Findings) all is counted.
    """

    found = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self._rest: Iterator[tuple[str, Question, Problem | None, bool]] = iter(())
        self._findings = Findings()
        self._timer = QTimer(self, singleShot=True)
        self._timer.setObjectName("form_counting")
        self._timer.timeout.connect(self._go_on)

    def start(self, session: Session) -> None:
        """Count anew, a little later: the answers have changed."""
        self._session = session
        self._rest, self._findings = session.review(), Findings()
        self._timer.start(_WAIT_MS)

    def stop(self) -> None:
        """Count no more."""
        self._timer.stop()

    def now(self, session: Session) -> Findings:
        """Count at once, whole."""
        self.stop()
        findings = Findings()
        for path, _question, problem, has_answer in session.review():
            findings.add(path, problem, has_answer=has_answer)
        self.found.emit(findings)
        return findings

    def _go_on(self) -> None:
        end = perf_counter() + _SLICE_S
        for path, _question, problem, has_answer in self._rest:
            self._findings.add(path, problem, has_answer=has_answer)
            if perf_counter() > end:
                self._timer.start(0)
                return
        self.found.emit(self._findings)


class ProblemModel(QAbstractListModel):
    """The entries; their words are made when they come into sight."""

    def __init__(self) -> None:
        super().__init__()
        self._session: Session | None = None
        self._language: Callable[[], str] = str
        self.entries: list[tuple[str, str]] = []

    def show(self, session: Session, language: Callable[[], str], findings: Findings) -> None:
        """Show other entries."""
        entries = findings.wrong + [(path, "") for path in findings.blank if not session.readonly(path)]
        self._session, self._language = session, language
        if entries != self.entries:
            self.beginResetModel()
            self.entries = entries
            self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        """Return how many entries there are; one says that there are none."""
        return 0 if parent is not None and parent.isValid() else max(len(self.entries), 1)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Return the question with what is wrong with it."""
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return None
        if not self.entries or self._session is None:
            return "✓ " + _("Nothing is missing and nothing is wrong.")
        path, message = self.entries[index.row()]
        label = named(self._session, path, self._language())
        return f"⚠ {labelled(label, message)}" if message else f"○ {label}"


def named(session: Session, path: str, language: str) -> str:
    """Return the label of a question, with the number of its instance in a repeat."""
    if session.engine.find(path) is None:
        return path
    text = _Plain.of(to_html(session.label(path, language))) or session.question(path).name
    numbers = [piece.partition("[")[2].rstrip("]") for piece in path.split("/") if "[" in piece]
    return f"{text}  #{'.'.join(numbers)}" if numbers else text


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @classmethod
    def of(cls, html: str) -> str:
        parser = cls()
        parser.feed(html)
        return " ".join("".join(parser.words).split())


class ProblemList(QListView):
    """The list.

    Signals:
        chosen: (path) go there.
        left: () Esc was pressed.
    """

    chosen = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("problem_list")
        self.setAccessibleName(_("List of what is missing or wrong"))
        self.setUniformItemSizes(True)
        self.entries = ProblemModel()
        self.setModel(self.entries)
        self.clicked.connect(self._choose)

    def show_findings(self, session: Session, language: Callable[[], str], findings: Findings) -> None:
        """Show other entries; the marked one stays marked."""
        here = self.currentIndex().row()
        self.entries.show(session, language, findings)
        self.setCurrentIndex(self.entries.index(min(max(here, 0), self.entries.rowCount() - 1)))
        row = max(self.sizeHintForRow(0), _ROW_PX)
        self.setFixedHeight(row * min(self.entries.rowCount(), _ROWS) + 8)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and index.row() < len(self.entries.entries):
            self.chosen.emit(self.entries.entries[index.row()][0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to the marked question, Esc back into the form."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._choose(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
