"""The communities of the day as cards: state, what is left, until when, how far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fieldsurvey.i18n import _
from layers.style import STATES

_HEIGHT, _PAD = 84, 12  # px
_Parent = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Card:
    """One community.

    Attributes:
        uid: The community.
        name: Its name.
        state: Its state.
        done, total: Forms finished and needed.
        left: What is left, or what the reviewer said.
        until: Last day in words; empty if none was said.
        is_late: Whether that day is over.
        far: Distance in words; empty without a position.
    """

    uid: str
    name: str
    state: str
    done: int
    total: int
    left: str
    until: str
    is_late: bool
    far: str

    @property
    def status(self) -> str:
        """State and count in words."""
        _colour, mark, word = STATES[self.state]
        return f"{mark} {_(word)} · {self.done}/{self.total}"


class CardModel(QAbstractListModel):
    """The cards, in the order of the work."""

    UID = Qt.ItemDataRole.UserRole + 1
    CARD = Qt.ItemDataRole.UserRole + 2

    def __init__(self) -> None:
        super().__init__()
        self.cards: Sequence[Card] = ()

    def show_cards(self, cards: Sequence[Card]) -> None:
        """Show other cards."""
        self.beginResetModel()
        self.cards = cards
        self.endResetModel()

    def rowCount(self, parent: _Parent = _ROOT) -> int:
        """Return the number of cards."""
        return 0 if parent.isValid() else len(self.cards)

    def data(self, index: _Parent, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return what a card shows."""
        card = self.cards[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return card.name
        if role in {Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}:
            return _(", ").join(filter(None, (card.name, card.status, card.until, card.far, card.left)))
        if role == self.UID:
            return card.uid
        return card if role == self.CARD else None

    def row_of(self, uid: str) -> int:
        """Return the row of a community, or -1."""
        return next((number for number, card in enumerate(self.cards) if card.uid == uid), -1)


class CardPainter(QStyledItemDelegate):
    """Draws a card: a stripe in the colour of the state, three lines."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Parent) -> QSize:
        """Return the size of a card."""
        return QSize(320, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Parent) -> None:
        """Draw one card."""
        card: Card = index.data(CardModel.CARD)
        palette, chosen = option.palette, bool(option.state & QStyle.StateFlag.State_Selected)
        ink = palette.highlightedText().color() if chosen else palette.text().color()
        painter.save()
        if chosen:
            painter.fillRect(option.rect, palette.highlight())
        painter.fillRect(QRect(option.rect.topLeft(), QSize(5, option.rect.height())), QColor(STATES[card.state][0]))
        painter.setPen(palette.mid().color())
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        room = option.rect.adjusted(_PAD + 5, 8, -_PAD, -8)
        bold = QFont(option.font)
        bold.setBold(True)
        _line(painter, room, 0, card.name, card.far, ink, bold)
        until = f"⚠ {card.until}" if card.is_late else card.until
        _line(painter, room, 1, card.status, until, ink, bold if card.is_late else option.font)
        _line(painter, room, 2, card.left, "", ink, option.font)
        painter.restore()


def _line(painter: QPainter, room: QRect, number: int, left: str, right: str, ink: QColor, font: QFont) -> None:
    box = QRect(room.left(), room.top() + number * room.height() // 3, room.width(), room.height() // 3)
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
    box.setRight(box.right() - painter.fontMetrics().horizontalAdvance(right) - 8)
    text = painter.fontMetrics().elidedText(left, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
