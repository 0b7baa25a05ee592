"""Rows of a table that is not in memory: their order is, the rest comes a page at a time from the store thread."""

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal, Slot

from fieldsurvey.model.conditions import Field
from fieldsurvey.model.schema import Value
from ui.tables.columns import head, shown_value

PAGE = 128  # rows that are read at once
_MOST_PAGES = 96  # kept; some 12,000 rows
_ASK_MS = 8  # while a person scrolls, only what is still on the screen is asked for
_WAITING = "…"
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that came from the store.

    Attributes:
        number: Which page.
        rows: (uid, values …) of each row; None: it is gone.
        names: Column -> uid -> name of the records referred to.
        texts: The same rows as they are shown.
    """

    number: int
    rows: Sequence[tuple[Value, ...] | None]
    texts: Sequence[Sequence[str]] = field(default_factory=list)


class TableModel(QAbstractTableModel):
    """A window into a table.

    Signals:
        pages_wanted: (numbers) these pages are on the screen and not here yet.
        edit_wanted: (row, uid, column, text) the person typed something into a cell.
    """

    pages_wanted = Signal(object)
    edit_wanted = Signal(int, str, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fields: Sequence[Field] = ()
        self.order: array[int] = array("q")
        self._pages: OrderedDict[int, Page] = OrderedDict()
        self._asked: set[int] = set()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._later = QTimer(self, singleShot=True, interval=_ASK_MS)
        self._later.setObjectName("table_pages")
        self._later.timeout.connect(self._ask)

    # --- what is shown -------------------------------------------------------------------------------------------

    def show_rows(self, fields: Sequence[Field], order: "array[int]") -> None:
        """Show other columns or other rows."""
        self.beginResetModel()
        self.fields, self.order = fields, order
        self._drop()
        self.endResetModel()

    def reread(self) -> None:
        """Read what is on the screen again; order and number of rows stay."""
        self._drop()
        if self.order:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def _drop(self) -> None:
        self._pages.clear()
        self._asked.clear()
        self._wanted.clear()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.order)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.fields)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Return the head of a column, the number of a row."""
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole} and section < len(self.fields):
            return head(self.fields[section])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return a cell; what is not here yet is asked for."""
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return self.text(index.row(), index.column())[0]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.fields[index.column()].is_number else None
        if role == Qt.ItemDataRole.EditRole:
            value = self.value(index.row(), index.column())
            return "" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Return what can be done with a cell."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        can_edit = index.isValid() and not self.fields[index.column()].is_fixed and self.uid(index.row())
        return flags | Qt.ItemFlag.ItemIsEditable if can_edit else flags

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: ANN401
        """Hand on what was typed; the cell changes once it is saved."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        uid, text = self.uid(index.row()), str(value).strip()
        if not uid or text == self.data(index, Qt.ItemDataRole.EditRole):
            return False
        self.edit_wanted.emit(index.row(), uid, self.fields[index.column()].column.name, text)
        return True

    def text(self, row: int, column: int) -> tuple[str, bool]:
        """Return what a cell shows, and whether it is a number; what is not here yet is asked for."""
        page = self._pages.get(row // PAGE) or self._page(row)
        return (_WAITING if page is None else page.texts[row % PAGE][column]), self.fields[column].is_number

    def value(self, row: int, column: int) -> Value:
        """Return the stored value of a cell that is here; None if it is not."""
        found = self._row(row)
        return None if found is None else found[column + 1]

    def uid(self, row: int) -> str:
        """Return the record of a row; empty if it is not here yet."""
        found = self._row(row)
        return "" if found is None else str(found[0])

    def _row(self, row: int) -> tuple[Value, ...] | None:
        page = self._pages.get(row // PAGE)
        return None if page is None or row % PAGE >= len(page.rows) else page.rows[row % PAGE]

    # --- pages ---------------------------------------------------------------------------------------------------

    def _page(self, row: int) -> Page | None:
        number = row // PAGE
        page = self._pages.get(number)
        if page is None and number not in self._asked:
            self._wanted[number] = None
            self._wanted.move_to_end(number)
            if not self._later.isActive():
                self._later.start()
        return page

    @Slot()
    def _ask(self) -> None:
        """Ask for the pages that were painted last, and for the one behind them."""
        last = list(self._wanted)[-2:]
        self._wanted.clear()
        ahead = [last[-1] + 1] if last and (last[-1] + 1) * PAGE < len(self.order) else []
        numbers = [n for n in dict.fromkeys([*last, *ahead]) if n not in self._pages and n not in self._asked]
        if numbers:
            self._asked.update(numbers)
            self.pages_wanted.emit(numbers)

    def fids_of_page(self, number: int) -> "array[int]":
        """Return the row numbers that a page holds."""
        return self.order[number * PAGE : (number + 1) * PAGE]

    def take_pages(self, order: "array[int]", pages: Iterable[Page]) -> None:
        """Take pages that came, unless other rows are shown by now."""
        if order is not self.order:
            return
        for page in pages:
            self._asked.discard(page.number)
            self._pages[page.number] = page
            first = page.number * PAGE
            last = min(first + PAGE, len(self.order)) - 1
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.fields) - 1))
        while len(self._pages) > _MOST_PAGES:
            self._pages.popitem(last=False)

    def is_settled(self) -> bool:
        """Say whether everything that was asked for is here."""
        return not self._asked and not self._wanted


def page_of(
    number: int,
    rows: Sequence[tuple[Value, ...] | None],
    fields: Sequence[Field],
    names: Mapping[str, Mapping[str, str]],
) -> Page:
    """Return rows as a page, their texts made; runs in the store thread, so that painting costs nothing."""
    texts = [
        [shown_value(f, v, names.get(f.column.name, {})) for f, v in zip(fields, row[1:], strict=True)]
        if row is not None
        else ["—"] * len(fields)
        for row in rows
    ]
    return Page(number, rows, texts)
