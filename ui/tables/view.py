"""The grid: rows of one height, heads that sort and can be moved, cells that are chosen from lists."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from fieldsurvey.i18n import _
from ui.tables.model import TableModel

_ROW = 38  # px, the line below included
_PAD = 6  # px left and right of a text
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
_Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Draws a cell, and edits it: a list where the column has choices, a line elsewhere."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw ground, text and focus without the style sheet, which takes ten times as long for a cell."""
        model = index.model()
        if not isinstance(model, TableModel):
            return
        box, palette = option.rect, option.palette
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_chosen:
            painter.fillRect(box, palette.highlight())
        elif index.row() % 2:
            painter.fillRect(box, palette.alternateBase())
        painter.setPen(palette.color(palette.ColorRole.HighlightedText if is_chosen else palette.ColorRole.Text))
        text, is_number = model.text(index.row(), index.column())
        if option.fontMetrics.horizontalAdvance(text) > box.width() - 2 * _PAD:
            text = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() - 2 * _PAD)
        painter.drawText(box.adjusted(_PAD, 0, -_PAD, 0), _RIGHT if is_number else _LEFT, text)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(palette.color(palette.ColorRole.Text), 2))
            painter.drawRect(box.adjusted(1, 1, -2, -2))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        """Return the editor of a cell."""
        model = index.model()
        field = model.fields[index.column()] if isinstance(model, TableModel) else None
        if field is None or not field.choices or field.several:
            editor = super().createEditor(parent, option, index)
            editor.setAccessibleName(field.column.label if field else "")
            return editor
        box = QComboBox(parent)
        box.setAccessibleName(field.column.label)
        box.addItem(_("(blank)"), "")
        for code, word in field.choices.items():
            box.addItem(word, code)
        return box

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        """Show what stands in the cell."""
        text = str(index.data(Qt.ItemDataRole.EditRole) or "")
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(0, editor.findData(text)))
            editor.showPopup()
        elif isinstance(editor, QLineEdit):
            editor.setText(text)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:
        """Hand on what was typed or chosen."""
        text = editor.currentData() if isinstance(editor, QComboBox) else editor.property("text")
        model.setData(index, text)


class TableGrid(QTableView):
    """The table on the screen.

    Signals:
        copy_wanted: () Ctrl+C.
        delete_wanted: () Del.
    """

    copy_wanted = Signal()
    delete_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("table_grid")
        self.setAccessibleName(_("Table"))
        self.setItemDelegate(CellDelegate(self))
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table; arrows move inside
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(_ROW)
        heads = self.horizontalHeader()
        heads.setSectionsMovable(True)
        heads.setSectionsClickable(True)
        heads.setSortIndicatorClearable(True)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies rows, not one cell; Enter begins to edit."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.delete_wanted.emit()
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.key() in {Qt.Key.Key_Z, Qt.Key.Key_Y}:
            event.ignore()  # undo is the window's
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.state() != self.State.EditingState:
            self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def shown_order(self) -> list[int]:
        """Return the columns from left to right as they are seen."""
        heads = self.horizontalHeader()
        return [heads.logicalIndex(place) for place in range(heads.count())]

    def chosen_rows(self) -> list[tuple[int, int]]:
        """Return the chosen rows as (first, last), from above; cheap for any number."""
        ranges: Any = self.selectionModel().selection()
        return sorted({(part.top(), part.bottom()) for part in ranges})

    def choose(self, rows: Sequence[int]) -> None:
        """Choose rows and show the first of them."""
        model, chosen = self.model(), QItemSelection()
        last = model.columnCount() - 1
        for row in rows:
            chosen.select(model.index(row, 0), model.index(row, last))
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows:
            self.scrollTo(model.index(rows[0], 0))
