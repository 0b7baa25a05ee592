"""The list of what is wrong, must be answered, or is still blank: one click or Enter goes there."""

from dataclasses import dataclass
from html.parser import HTMLParser

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from fieldsurvey.i18n import _
from survey_forms import Session
from survey_forms.markdown import to_html
from survey_forms.session import asks

_PATH = Qt.ItemDataRole.UserRole
_ROW_PX, _ROWS = 36, 5
_MOST = 300  # entries; a longer list is no list to work off


@dataclass(frozen=True, slots=True)
class Entry:
    """One question to look at.

    Attributes:
        path: Where, with instance numbers.
        label: The question, without markup.
        message: What is wrong; empty: it is blank, and may stay so.
    """

    path: str
    label: str
    message: str = ""


def entries_of(session: Session, language: str) -> list[Entry]:
    """Return what stands against completing the form, in order; then what is blank though it may be."""
    wrong = {problem.path: problem.message for problem in session.problems()}
    first = [Entry(path, _named(session, path, language), message) for path, message in wrong.items()]
    blank = (
        path
        for path in session.asked()
        if path not in wrong and not session.value(path) and asks(session.question(path))
    )
    rest = [Entry(path, _named(session, path, language)) for path, _n in zip(blank, range(_MOST), strict=False)]
    return [*first, *(entry for entry in rest if not session.readonly(entry.path))][:_MOST]


def _named(session: Session, path: str, language: str) -> str:
    """Return the label of a question, with the number of its instance in a repeat."""
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


class ProblemList(QListWidget):
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
        self.itemClicked.connect(self._choose)
        self._shown: list[Entry] = []

    def show_entries(self, entries: list[Entry]) -> None:
        """Show other entries; the marked one stays marked if it is still there."""
        if entries == self._shown:
            return
        here = self.currentItem().data(_PATH) if self.currentItem() is not None else ""
        self._shown = entries
        self.clear()
        for entry in entries:
            text = f"⚠ {entry.label}: {entry.message}" if entry.message else f"○ {entry.label}"
            item = QListWidgetItem(text, self)
            item.setData(_PATH, entry.path)
            item.setSizeHint(QSize(0, _ROW_PX))
            item.setToolTip(text)
            if entry.path == here:
                self.setCurrentItem(item)
        if not entries:
            QListWidgetItem("✓ " + _("Nothing is missing and nothing is wrong."), self)
        self.setFixedHeight(_ROW_PX * min(max(len(entries), 1), _ROWS) + 6)

    def _choose(self, item: QListWidgetItem) -> None:
        if path := item.data(_PATH):
            self.chosen.emit(str(path))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to the marked question, Esc back into the form."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentItem() is not None:
            self._choose(self.currentItem())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
