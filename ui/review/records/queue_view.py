"""The queue at the left: what waits for a decision, filtered by state, district, form and person."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QListView, QVBoxLayout, QWidget

from fieldsurvey.assess.progress import State
from fieldsurvey.assess.review.queue import Item
from fieldsurvey.i18n import N_, _
from layers.style import STATES
from ui import shown
from ui.words import moment

VIEWS: Mapping[str, tuple[str, frozenset[State]]] = {
    "review": (N_("to be reviewed"), frozenset({State.COMPLETE})),
    "approve": (N_("to be approved"), frozenset({State.REVIEWED})),
    "returned": (N_("returned, not back yet"), frozenset({State.RETURNED, State.SUPERSEDED})),
    "approved": (N_("approved"), frozenset({State.APPROVED})),
}
_ROW = 52  # px, two lines of text
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class QueueModel(QAbstractListModel):
    """The items that fit the filters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.items: Sequence[Item] = ()
        self.looked_at: frozenset[str] = frozenset()
        self.drawn: frozenset[str] = frozenset()

    def show_items(self, items: Sequence[Item]) -> None:
        """Show other items."""
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def mark(self, drawn: frozenset[str], looked_at: frozenset[str]) -> None:
        """Mark the records of a sample, and those that were looked at."""
        self.drawn, self.looked_at = drawn, looked_at
        if self.items:
            self.dataChanged.emit(self.index(0), self.index(len(self.items) - 1))

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of items."""
        return 0 if parent.isValid() else len(self.items)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return two lines: mark, form and community; who and when."""
        if not 0 <= index.row() < len(self.items):
            return None
        item = self.items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(item)
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, _ROW)
        if role == Qt.ItemDataRole.ForegroundRole and item.is_disputed:
            return QColor("#A3122A")
        return None

    def _words(self, item: Item) -> str:
        _colour, mark, word = STATES[str(item.state)]
        sampled = "◎ " if item.uid in self.drawn and item.uid not in self.looked_at else ""
        disputed = f" ⚠ {_('conflict')}" if item.is_disputed else ""
        if not item.form_id:
            return f"{sampled}{mark} {_('Whole community')} · {item.community}\n{item.district} · {_(word)}{disputed}"
        told = " · ".join(filter(None, (item.person, moment(item.saved_at), item.district)))
        return f"{sampled}{mark} {item.form} · {item.community}\n{told}{disputed}"


class QueueView(QWidget):
    """Filters and list.

    Signals:
        chosen: (Item or None) another item is to be read.
        view_changed: () other states are wanted.
    """

    chosen = Signal(object)
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: Sequence[Item] = ()
        self.model = QueueModel(self)
        self.states, self.district, self.form, self.person = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        for key, (word, _states) in VIEWS.items():
            self.states.addItem(_(word), key)
        grid = QGridLayout()
        named = (
            (self.states, "review_state", _("State")),
            (self.district, "review_district", _("District")),
            (self.form, "review_form", _("Form")),
            (self.person, "review_person", _("Surveyed by")),
        )
        spots = ((0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1), (2, 0, 1, 2))  # row, column, rows, columns
        for (box, name, word), spot in zip(named, spots, strict=True):
            box.setObjectName(name)
            box.setAccessibleName(word)
            box.setMinimumHeight(36)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            grid.addWidget(box, *spot)
        self.states.currentIndexChanged.connect(self.view_changed)
        for box in (self.district, self.form, self.person):
            box.currentIndexChanged.connect(self._filter)
        self.count = QLabel()
        self.count.setObjectName("review_count")
        self.count.setProperty("role", "hint")
        self.list = QListView()
        self.list.setObjectName("review_queue")
        self.list.setAccessibleName(_("Queue of the review"))
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.selectionModel().currentRowChanged.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)
        column.addWidget(self.count)
        column.addWidget(self.list, 1)

    @property
    def wanted(self) -> frozenset[State]:
        """The states that are asked for."""
        return VIEWS[str(self.states.currentData())][1]

    @property
    def current(self) -> Item | None:
        """The item that is read."""
        row = self.list.currentIndex().row()
        return self.model.items[row] if 0 <= row < len(self.model.items) else None

    def show_items(self, items: Sequence[Item], row: int = 0) -> None:
        """Show items; the one that was read stays, or the list goes on at a row if that is gone."""
        self._all = items
        for box, everything, values in (
            (self.district, _("all districts"), {item.district: item.district for item in items}),
            (self.form, _("all forms"), {item.form_id: item.form or _("Whole community") for item in items}),
            (self.person, _("all people"), {item.person: item.person for item in items if item.person}),
        ):
            _refill(box, everything, values)
        self._show(row)

    @Slot()
    def _filter(self) -> None:
        self._show(0)

    def _show(self, row: int) -> None:
        wanted = self.district.currentData(), self.form.currentData(), self.person.currentData()
        before = self.current.uid if self.current else ""
        fitting = [
            item
            for item in self._all
            if all(w in {None, v} for w, v in zip(wanted, (item.district, item.form_id, item.person), strict=True))
        ]
        self.list.selectionModel().blockSignals(True)
        self.model.show_items(fitting)
        self.list.selectionModel().blockSignals(False)
        self.count.setText(_("{n} records and communities").format(n=shown.number(len(fitting))))
        at = next((n for n, item in enumerate(fitting) if item.uid == before), min(row, len(fitting) - 1))
        self.go_to(at)
        if not fitting:
            self.chosen.emit(None)

    def go_to(self, row: int) -> None:
        """Read the item of a row; beyond the ends nothing happens."""
        if 0 <= row < len(self.model.items):
            self.list.setCurrentIndex(self.model.index(row))

    def step(self, by: int) -> None:
        """Go on or back."""
        self.go_to(self.list.currentIndex().row() + by)

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(self.current)


def _refill(box: QComboBox, everything: str, values: Mapping[str, str]) -> None:
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    box.addItem(everything, None)
    for key, word in sorted(values.items(), key=lambda pair: pair[0]):
        box.addItem(word, key)
    box.setCurrentIndex(max(box.findData(chosen), 0) if chosen is not None else 0)
    box.blockSignals(False)
