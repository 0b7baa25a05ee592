"""The findings as a table: filtered here, never copied."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QWidget

from fieldsurvey.assess.rules import Result, telling
from fieldsurvey.i18n import N_, _
from fieldsurvey.model.finding import Finding
from ui.review.loading import CHOICES, UNRECORDED, Desk

COLUMNS = (
    N_("Rule"),
    N_("Community"),
    N_("Test"),
    N_("Measured"),
    N_("Required"),
    N_("Result"),
    N_("Decision"),
)
MARKS: Mapping[Result, tuple[str, str]] = {
    Result.FAIL: ("✕", "#A3122A"),
    Result.UNCERTAIN: ("≈", "#9A6B00"),
    Result.REVIEW: ("?", "#3F5E8C"),
}
_NUMBERS = frozenset({3, 4})
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class FindingsModel(QAbstractTableModel):
    """Findings that fit the filter.

    Attributes:
        desk: All findings; None before any were read.
        rows: Their numbers that fit, in the order of the desk.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk: Desk | None = None
        self.rows: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._names: Mapping[str, str] = {}

    def show_desk(self, desk: Desk, names: Mapping[str, str]) -> None:
        """Take findings; nothing is shown before a filter is set."""
        self.beginResetModel()
        self.desk, self._names = desk, names
        self.rows = np.zeros(0, dtype=np.intp)
        self.endResetModel()

    def filter(self, rule: str = "", community: str = "", result: str = "", decision: str = "") -> None:
        """Show the findings of a rule, community, result and decision (empty: all; OPEN: none that holds).

        What the project does not record is shown only where it is asked for as its own rule, UNRECORDED.
        """
        desk = self.desk
        if desk is None:
            return
        fits = desk.columns["rule"] != UNRECORDED if not rule else np.ones(len(desk.findings), dtype=bool)
        wanted = {"rule": rule, "community": community, "result": result, "decision": decision}
        for column, value in wanted.items():
            if value:
                fits &= desk.columns[column] == value
        self.beginResetModel()
        self.rows = np.flatnonzero(fits)
        self.endResetModel()

    def finding(self, row: int) -> Finding | None:
        """Return the finding of a row."""
        if self.desk is None or not 0 <= row < len(self.rows):
            return None
        return self.desk.findings[int(self.rows[row])]

    def row_of(self, key: str) -> int:
        """Return the row of a finding; -1 if it is not shown."""
        if self.desk is None:
            return -1
        return next((row for row, n in enumerate(self.rows) if self.desk.findings[n].key == key), -1)

    def community(self, uid: str) -> str:
        """Return the name of a community."""
        return self._names.get(uid, _("outside communities"))

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of findings shown."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return the name of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _(COLUMNS[section])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return a cell: words, and for the result its colour too."""
        finding = self.finding(index.row())
        if finding is None or self.desk is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(finding)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() in _NUMBERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 5:
            colour = QColor(MARKS[finding.result][1])
            return colour if QGuiApplication.palette().base().color().lightness() > 128 else colour.lighter(230)
        if role == Qt.ItemDataRole.ToolTipRole:
            return telling.sentence(finding, self.desk.rules)
        return None

    def _words(self, finding: Finding) -> Sequence[str]:
        assert self.desk is not None  # noqa: S101 - data() has asked
        rules = self.desk.rules
        return (
            finding.rule,
            self.community(finding.community),
            rules[finding.threshold].label,
            telling.measured_words(finding, rules),
            telling.required_words(finding, rules),
            f"{MARKS[finding.result][0]} {_(telling.RESULTS[finding.result])}",
            self._decision(finding),
        )

    def _decision(self, finding: Finding) -> str:
        made = self.desk.decided.get(finding.key) if self.desk else None
        if made is None:
            return _("open")
        word = _(CHOICES[made.choice])
        return word if made.holds(finding) else _("{decision}, data changed since").format(decision=word)
