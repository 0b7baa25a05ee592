"""The answers in the middle: this round beside the last one, and beside what is usual in similar communities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from fieldsurvey.assess.review.community import CommunityLook
from fieldsurvey.assess.review.look import Line, Look
from fieldsurvey.i18n import _
from fieldsurvey.model.schema import Table, Value
from layers.style import STATES
from survey_forms.definitions import title as form_title
from ui import shown
from ui.words import in_words

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_AMBER, _AMBER_DARK = QColor("#FFF1CC"), QColor("#5A4300")


@dataclass(frozen=True, slots=True)
class Told:
    """One line in words.

    Attributes:
        field: Column of the question; empty if it is none.
        words: What stands in each column of the table.
        is_marked: Whether it calls for a look.
        uid: A form to be opened from there; empty for an answer.
    """

    field: str
    words: tuple[str, ...]
    is_marked: bool = False
    uid: str = ""


def told_of(look: Look) -> list[Told]:
    """Return the answers of a record in words; changed ones are marked ≠, far ones ⚠, those with a remark ↩."""
    asked = {thread.remark.field for thread in look.threads if thread.is_open}
    return [_told(line, look, look.table, is_asked=line.column.name in asked) for line in look.lines]


def _told(line: Line, look: Look, table: Table, *, is_asked: bool) -> Told:
    is_changed = line.is_changed(has_before=bool(look.before))
    is_far = line.usual is not None and line.usual.is_far
    marks = "".join(("↩ " if is_asked else "", "⚠ " if is_far else "", "≠ " if is_changed else ""))
    name = line.column.name
    before = in_words(table, name, line.before) if look.before else ""
    words = (line.column.label, marks + in_words(table, name, line.value), before, _usual(line, table))
    return Told(name, words, is_changed or is_far or is_asked)


def _usual(line: Line, table: Table) -> str:
    if line.usual is None:
        return ""
    if line.usual.middle is not None:
        return _("{value} (of {n})").format(value=shown.number(line.usual.middle, line.column.unit), n=line.usual.count)
    word = in_words(table, line.column.name, line.usual.commonest)
    return f"{word} {line.usual.share:.0%}"


def told_of_community(look: CommunityLook, language: str) -> list[Told]:
    """Return the numbers and forms of a community in words."""
    lines = [Told("", (_("Communities"), "1", "1" if look.locked_by else "", _("this community")))]
    for number in look.numbers:
        unit, name = number.column.unit, number.column.name
        now = "—" if number.value is None else _amount(number.value, unit)
        locked = "" if number.locked is None else _amount(number.locked, unit)
        is_other = number.locked is not None and number.locked != number.value
        lines.append(Told(name, (number.column.label, now, locked, number.source), is_other or number.value is None))
    for form in look.progress.forms.values():
        if form.needed or form.records:
            _colour, mark, word = STATES[str(form.state)]
            done = f"{form.done}/{len(form.needed)}" if form.needed else ""
            title = form_title(form.form_id, language) or form.title or form.form_id
            lines.append(Told("", (title, f"{mark} {_(word)}", done, ""), uid=form.form_id))
    return lines


def _amount(value: Value, unit: str) -> str:
    return shown.number(value, unit) if isinstance(value, int | float) else f"{value!s} {unit}"


class AnswersModel(QAbstractTableModel):
    """Lines as a table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: Sequence[Told] = ()
        self._heads: Sequence[str] = ("", "", "", "")

    def show_lines(self, lines: Sequence[Told], heads: Sequence[str]) -> None:
        """Show other lines under other heads."""
        self.beginResetModel()
        self.lines, self._heads = lines, heads
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of lines."""
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return the name of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return words; what calls for a look stands on amber and bold."""
        if not 0 <= index.row() < len(self.lines):
            return None
        line = self.lines[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return line.words[index.column()]
        if line.is_marked and index.column() == 1:
            if role == Qt.ItemDataRole.BackgroundRole:
                is_light = QGuiApplication.palette().base().color().lightness() > 128
                return _AMBER if is_light else _AMBER_DARK
            if role == Qt.ItemDataRole.FontRole:
                bold = QFont()
                bold.setBold(True)
                return bold
        return None


class AnswersView(QTableView):
    """The table of answers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review_answers")
        self.setAccessibleName(_("Answers beside the last round and beside similar communities"))
        self.answers = AnswersModel(self)
        self.setModel(self.answers)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().setDefaultSectionSize(36)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    @property
    def field(self) -> str:
        """Column of the answer that is selected; empty if none is."""
        row = self.currentIndex().row()
        return self.answers.lines[row].field if 0 <= row < len(self.answers.lines) else ""

    def go_to(self, field: str) -> None:
        """Select the answer of a question."""
        for row, line in enumerate(self.answers.lines):
            if line.field == field:
                self.selectRow(row)
                self.scrollTo(self.answers.index(row, 0))
                return
