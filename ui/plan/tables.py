"""A table of read rows: sorted by any column, found by typing, one row told about at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_LEAST_REST = 130  # px: a name
_ROW = 36
SORT = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Head:
    """One column.

    Attributes:
        title: Its head.
        width: px; 0: what is left.
        pattern: How a number is printed; empty: as text.
    """

    title: str
    width: int
    pattern: str = ""


Cell = str | float | int | None


class RowsModel(QAbstractTableModel):
    """Rows of texts and numbers, each with a key."""

    def __init__(self, heads: Sequence[Head]) -> None:
        super().__init__()
        self._heads = heads
        self._rows: Sequence[tuple[str, Sequence[Cell]]] = ()

    def show_rows(self, rows: Sequence[tuple[str, Sequence[Cell]]]) -> None:
        """Show rows: (key, cells)."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def key(self, row: int) -> str:
        """Return the key of a row; empty if there is no such row."""
        return self._rows[row][0] if 0 <= row < len(self._rows) else ""

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return the name of a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section].title
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return a cell; numbers right-aligned, what is not known as a dash, sorted last."""
        cell, head = self._rows[index.row()][1][index.column()], self._heads[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and head.pattern:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            if cell is None:
                return "—"
            return head.pattern.format(cell) if head.pattern and not isinstance(cell, str) else str(cell)
        if role == SORT:
            return (-1e300 if head.pattern else "") if cell is None else cell
        return None


class RowsView(QTableView):
    """A table of rows that can be sorted and searched.

    Signals:
        chosen: (key) another row is current.
        opened: (key) a row was activated.
    """

    chosen = Signal(str)
    opened = Signal(str)

    def __init__(self, name: str, spoken: str, heads: Sequence[Head]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.rows = RowsModel(heads)
        self.sorted = QSortFilterProxyModel(self)
        self.sorted.setSourceModel(self.rows)
        self.sorted.setSortRole(SORT)
        self.sorted.setFilterKeyColumn(-1)
        self.sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self.sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setAlternatingRowColors(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.verticalHeader().hide()
        self._rest = [number for number, head in enumerate(heads) if not head.width]  # columns that take what is left
        for number, head in enumerate(heads):
            if head.width:
                self.setColumnWidth(number, head.width)
        self._share_rest()
        self.selectionModel().currentRowChanged.connect(self._tell)
        self.activated.connect(self._open)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the columns that take what is left stay wide enough to be read; what does not fit is scrolled to."""
        super().resizeEvent(event)
        self._share_rest()

    def _share_rest(self) -> None:
        taken = sum(self.columnWidth(number) for number in range(self.rows.columnCount()) if number not in self._rest)
        has_room = self.viewport().width() - taken >= _LEAST_REST * len(self._rest)
        modes = QHeaderView.ResizeMode
        for number in self._rest:
            self.horizontalHeader().setSectionResizeMode(number, modes.Stretch if has_room else modes.Fixed)
            if not has_room:
                self.setColumnWidth(number, _LEAST_REST)

    def show_rows(self, rows: Sequence[tuple[str, Sequence[Cell]]]) -> None:
        """Show rows; the row that was current stays so."""
        key = self.key()
        self.rows.show_rows(rows)
        self.choose(key)

    def key(self) -> str:
        """Return the key of the current row; empty without one."""
        return self.rows.key(self.sorted.mapToSource(self.currentIndex()).row())

    def choose(self, key: str) -> None:
        """Make a row the current one, else the first."""
        for row in range(self.rows.rowCount()):
            if self.rows.key(row) == key:
                self.setCurrentIndex(self.sorted.mapFromSource(self.rows.index(row, 0)))
                return
        self.setCurrentIndex(self.sorted.index(0, 0))

    def narrow(self, text: str) -> None:
        """Show only the rows that hold a text."""
        self.sorted.setFilterFixedString(text)

    def _tell(self) -> None:
        if key := self.key():
            self.chosen.emit(key)

    def _open(self) -> None:
        if key := self.key():
            self.opened.emit(key)
