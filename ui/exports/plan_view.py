"""The three-year plan as a table: years are edited here and saved at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from fieldsurvey.i18n import N_, _
from fieldsurvey.model.schema import Value
from ui.empty import EmptyState
from ui.project.session import Overview

_COLUMNS = (
    ("code", N_("Code")),
    ("name", N_("Community")),
    ("district", N_("District")),
    ("household_count", N_("Households")),
    ("building_count", N_("Buildings")),
    ("est_investment", N_("Investment (CNY 10,000)")),
    ("plan_year", N_("Plan year")),
)
_YEAR = 6
_FIRST, _LAST = 2000, 2100
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class PlanModel(QAbstractTableModel):
    """Communities with what the plan needs.

    Signals:
        year_edited: (uid, year or None) the person changed a plan year.
        refused: (text) what was typed is no year.
    """

    year_edited = Signal(str, object)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[dict[str, Value]] = ()

    def show_rows(self, rows: Sequence[dict[str, Value]]) -> None:
        """Show communities."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of communities."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return the name of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _(_COLUMNS[section][1])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return a cell; numbers right-aligned with thousands."""
        value = self._rows[index.row()].get(_COLUMNS[index.column()][0])
        numeric = isinstance(value, int | float)
        if role == Qt.ItemDataRole.TextAlignmentRole and numeric:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole}:
            if value is None or index.column() == _YEAR or role == Qt.ItemDataRole.EditRole:
                return "" if value is None else str(value)
            return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Only the plan year can be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == _YEAR else flags

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: ANN401
        """Take a year, or blank."""
        if role != Qt.ItemDataRole.EditRole or index.column() != _YEAR:
            return False
        text = str(value).strip()
        if text and not (text.isdigit() and _FIRST <= int(text) <= _LAST):
            self.refused.emit(
                _("{text} is no year. Please enter one between {a} and {b}.").format(text=text, a=_FIRST, b=_LAST)
            )
            return False
        row = self._rows[index.row()]
        year = int(text) if text else None
        if row.get("plan_year") != year:
            self.year_edited.emit(str(row["uid"]), year)
        return True


class PlanView(QWidget):
    """The plan workspace.

    Signals:
        year_edited: (uid, year or None).
    """

    year_edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plan_view")
        self.model = PlanModel(self)
        self.model.year_edited.connect(self.year_edited)
        self.model.refused.connect(self._say)
        self.table = QTableView()
        self.table.setObjectName("plan_table")
        self.table.setAccessibleName(_("Three-year plan"))
        self.table.setModel(self.model)
        self.table.setAlternatingRowColors(True)
        self.table.verticalHeader().setDefaultSectionSize(38)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        EmptyState(self.table, _("No community to plan yet. Import boundaries first (Ctrl+I)."))
        self.years = QLabel()
        self.years.setObjectName("plan_years")
        self.years.setWordWrap(True)
        self.message = QLabel()
        self.message.setProperty("role", "error")
        layout = QVBoxLayout(self)
        title = QLabel(_("Three-year plan"))
        title.setProperty("role", "title")
        hint = QLabel(_("Double click a plan year to change it; it is saved at once."))
        hint.setProperty("role", "hint")
        for widget in (title, hint, self.years, self.table, self.message):
            layout.addWidget(widget, 1 if widget is self.table else 0)

    def show_project(self, now: Overview) -> None:
        """Show the communities of a project by year, then code."""
        rows = [dict(row) for row in now.communities.values()]
        rows.sort(key=lambda row: (str(row.get("plan_year") or "9999"), str(row.get("district")), str(row.get("code"))))
        self.model.show_rows(rows)
        self.years.setText("　".join(_year_lines(rows)))
        self.message.clear()

    @Slot(str)
    def _say(self, text: str) -> None:
        self.message.setText(text)


def _year_lines(rows: Sequence[dict[str, Value]]) -> list[str]:
    """Return one line of totals per plan year."""
    found: dict[str, list[dict[str, Value]]] = defaultdict(list)
    for row in rows:
        found[str(row.get("plan_year") or "—")].append(row)
    lines = []
    for year, group in sorted(found.items()):
        households = sum(v for row in group if isinstance(v := row.get("household_count"), int))
        money = sum(v for row in group if isinstance(v := row.get("est_investment"), int | float))
        text = _("<b>{year}</b>: {n} communities, {households} households, {money}")
        lines.append(text.format(year=year, n=len(group), households=f"{households:,}", money=f"{money:,.0f}"))
    return lines
