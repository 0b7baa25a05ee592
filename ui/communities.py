"""The list of communities: search, filter by state, and the totals above it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontInfo, QGuiApplication, QKeyEvent, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from fieldsurvey.assess import PLAN, CommunityProgress
from fieldsurvey.i18n import _
from layers.search import Index
from layers.style import STATES
from ui import shown
from ui.empty import EmptyState
from ui.project.overview import Overview

Row = tuple[str, str, str, int, int]  # uid, name, state, forms done, forms needed
_LEAST_WIDTH = 184  # px: a name of eight characters
_HIGH_ENOUGH = 420  # px of the panel: five communities and the totals
_ONE_LINE = 250  # px of the list: a name, its state and its count beside each other
_Parent = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


def _row(uid: str, name: str, progress: CommunityProgress) -> Row:
    return (uid, name, str(progress.state), progress.done, progress.total)


class CommunityModel(QAbstractListModel):
    """The communities that match search and filter."""

    UID = Qt.ItemDataRole.UserRole + 1
    ROW = Qt.ItemDataRole.UserRole + 2

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Parent = _ROOT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Parent, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return what a row shows."""
        uid, name, state, done, needed = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{name}, {_(STATES[state][2])}, {done}/{needed}"
        if role == self.UID:
            return uid
        return self._rows[index.row()] if role == self.ROW else None

    def row_of(self, uid: str) -> int:
        """Return the row of a community, or -1."""
        return next((number for number, row in enumerate(self._rows) if row[0] == uid), -1)


class _Painter(QStyledItemDelegate):
    """Draws name, state by mark and word, and what is done: beside the name, in a narrow list below it."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Parent) -> QSize:
        """Return a height that a gloved finger hits."""
        return QSize(150, 48)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Parent) -> None:
        """Draw one row."""
        _uid, name, state, done, needed = index.data(CommunityModel.ROW)
        colour, mark, word = STATES[state]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        box = option.rect
        palette = option.palette
        painter.save()
        if chosen:
            painter.fillRect(box, palette.highlight())
        painter.setFont(option.font)
        painter.setPen(palette.highlightedText().color() if chosen else QColor(colour))
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(box.adjusted(10, 0, 0, 0), left, mark)
        painter.setPen(palette.highlightedText().color() if chosen else palette.text().color())
        told = f"{_(word)} {done}/{needed}"
        room = box.adjusted(34, 0, -10, 0)
        if box.width() < _ONE_LINE:
            soft = QGuiApplication.palette().color(
                QPalette.ColorRole.PlaceholderText
            )  # a style sheet bleaches the list's
            self._draw_below(painter, room, told, palette.highlightedText().color() if chosen else soft)
            room.adjust(0, 4, 0, -box.height() // 2)
        else:
            painter.drawText(room, right, told)
            room.adjust(0, 0, -8 - painter.fontMetrics().horizontalAdvance(told), 0)
        painter.drawText(room, left, painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room.width()))
        painter.restore()

    def _draw_below(self, painter: QPainter, room: QRect, told: str, colour: QColor) -> None:
        """Draw the state in the lower half, smaller and softer than the name."""
        painter.save()
        font = QFont(painter.font())
        font.setPixelSize(QFontInfo(font).pixelSize() - 1)
        painter.setFont(font)
        painter.setPen(colour)
        half = room.adjusted(0, room.height() // 2, 0, -4)
        painter.drawText(half, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, told)
        painter.restore()


class CommunityPanel(QWidget):
    """Search, filter, list and totals.

    Signals:
        picked: (uid) chosen with the mouse or the arrow keys.
        opened: (uid) double clicked, or Enter.
        wider_wanted: (text) no community fits: everything is to be searched.
        names_changed: () there are other names to search; their pinyin is not worked out yet.
    """

    picked = Signal(str)
    opened = Signal(str)
    wider_wanted = Signal(str)
    names_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("communities")
        self.setMinimumWidth(_LEAST_WIDTH)
        self._is_wanted = False  # Enter came before the pinyin was known
        self.index = Index([])
        self._shown: Overview | None = None
        self._rows: dict[str, Row] = {}
        self.search = QLineEdit()
        self.search.setObjectName("search")
        self.search.setPlaceholderText(_("Search: name, initials, code"))
        self.search.setAccessibleName(_("Search: name, initials, code"))
        self.search.setToolTip(_("Enter opens the first; Ctrl+F searches buildings, addresses and answers as well"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._open_first)
        self.state = QComboBox()
        self.state.setObjectName("state_filter")
        self.state.setAccessibleName(_("Show communities by state"))
        self.state.addItem(_("All states"), "")
        for name, (_colour, mark, word) in STATES.items():
            self.state.addItem(f"{mark} {_(word)}", name)
        self.state.currentIndexChanged.connect(self._filter)
        self.model = CommunityModel(self)
        self.list = QListView()
        self.list.setObjectName("community_list")
        self.list.setAccessibleName(_("Communities"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Painter(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.activated.connect(self._activated)
        self.list.clicked.connect(self._clicked)
        EmptyState(self.list, _("No community here. Import boundaries (Ctrl+I), or search for something else."))
        self.totals = QLabel()
        self.totals.setObjectName("totals")
        self.totals.setProperty("role", "totals")
        self.totals.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 4, 8)
        for widget in (self.search, self.state, self.list, self.totals):
            layout.addWidget(widget, 1 if widget is self.list else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the totals out where the list would keep only a line or two."""
        super().resizeEvent(event)
        self.totals.setVisible(self.height() >= _HIGH_ENOUGH)

    def show_project(self, now: Overview) -> None:
        """Show the communities of a project."""
        before, self._shown = self._shown, now
        self.totals.setText(totals_text(now))
        if before is not None and before.communities is now.communities and before.progress is now.progress:
            return
        if before is None or before.communities is not now.communities:
            names = [(uid, str(row["name"] or ""), str(row["code"] or "")) for uid, row in now.communities.items()]
            if names != self.index.items:
                self.index = Index(names)
                self.names_changed.emit()
        self._rows = {uid: _row(uid, name or code or "—", now.progress[uid]) for uid, name, code in self.index.items}
        chosen = self.current()
        self._filter()
        self.select(chosen)

    @Slot()
    def search_again(self) -> None:
        """Search with what is known now: pinyin comes a moment after the project."""
        if self.search.text().strip():
            is_wanted = self._is_wanted
            self._filter()
            if is_wanted:
                self._open_first()

    @Slot()
    def _filter(self) -> None:
        self._is_wanted = False
        text, state = self.search.text().strip(), self.state.currentData()
        uids = [hit.uid for hit in self.index.find(text, 500)] if text else list(self._rows)
        rows = [self._rows[uid] for uid in uids if uid in self._rows]
        self.model.show_rows([row for row in rows if not state or row[2] == state])

    def current(self) -> str:
        """Return the chosen community."""
        return str(self.list.currentIndex().data(CommunityModel.UID) or "")

    @Slot(str)
    def select(self, uid: str) -> None:
        """Mark a community in the list, if it is shown."""
        row = self.model.row_of(uid)
        if row >= 0:
            index = self.model.index(row)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)

    def _clicked(self, index: QModelIndex) -> None:
        self.picked.emit(str(index.data(CommunityModel.UID)))

    def _activated(self, index: QModelIndex) -> None:
        self.opened.emit(str(index.data(CommunityModel.UID)))

    @Slot()
    def _open_first(self) -> None:
        if self.model.rowCount():
            uid = str(self.model.index(0).data(CommunityModel.UID))
            self.select(uid)
            self.opened.emit(uid)
        elif self.search.text().strip() and not self.index.is_ready:
            self._is_wanted = True
        elif self.search.text().strip():
            self.wider_wanted.emit(self.search.text().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down goes from the search line into the list."""
        if event.key() == Qt.Key.Key_Down and self.search.hasFocus() and self.model.rowCount():
            self.list.setFocus()
            self.list.setCurrentIndex(self.model.index(0))
            return
        super().keyPressEvent(event)


def totals_text(now: Overview) -> str:
    """Return the totals of a project beside those of the city's plan."""
    found = now.totals
    fits = (found.communities, found.households, found.investment_wan) == (
        PLAN.communities,
        PLAN.households,
        PLAN.investment_wan,
    )
    text = _("{communities} communities · {households} households · CNY {money} bn").format(
        communities=shown.number(found.communities),
        households=shown.number(found.households),
        money=shown.money(found.investment_wan),
    )
    plan = _("Plan: {communities} · {households} · {money}").format(
        communities=shown.number(PLAN.communities),
        households=shown.number(PLAN.households),
        money=shown.money(PLAN.investment_wan),
    )
    return f"<b>{text}</b><br>{'✓ ' if fits else '≠ '}{plan}"
