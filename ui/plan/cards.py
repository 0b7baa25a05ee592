"""The cards of one column of the board: a community each, drawn, not built of widgets, so that thousands are fluent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fieldsurvey.i18n import _

MIME = "application/x-fieldsurvey-communities"
HEIGHT = 92
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_BAR = 8
_PAD = 9


@dataclass(frozen=True, slots=True)
class Card:
    """One community on the board.

    Attributes:
        uid: The community.
        name, district: As people call them.
        need: Need index, 0-100; None: not surveyed.
        cost: Its cost in words.
        size: Households and level in words.
        money: Who pays, in words; empty for one that is not in the plan.
        why: Why it is in or out, one sentence.
        is_locked, is_urgent, is_barred: Chosen by hand; on the urgent list; kept out by a gate.
    """

    uid: str
    name: str
    district: str
    need: float | None
    cost: str
    size: str
    money: str
    why: str
    is_locked: bool
    is_urgent: bool
    is_barred: bool

    @property
    def spoken(self) -> str:
        """Everything on the card in one line, for those who do not see it."""
        marks = [
            word
            for word, is_so in (
                (_("urgent"), self.is_urgent), (_("locked"), self.is_locked), (_("barred"), self.is_barred),
            )
            if is_so
        ]  # fmt: skip
        need = _("need not surveyed") if self.need is None else _("need {n:.0f}").format(n=self.need)
        return _(", ").join(filter(None, [self.name, self.district, *marks, need, self.cost, self.size, self.why]))


class CardModel(QAbstractListModel):
    """The cards of one column."""

    def __init__(self) -> None:
        super().__init__()
        self._cards: Sequence[Card] = ()

    def show_cards(self, cards: Sequence[Card]) -> None:
        """Show other cards."""
        self.beginResetModel()
        self._cards = cards
        self.endResetModel()

    def card(self, row: int) -> Card | None:
        """Return a card; None if there is no such row."""
        return self._cards[row] if 0 <= row < len(self._cards) else None

    def row_of(self, uid: str) -> int:
        """Return the row of a community; -1 if it is elsewhere."""
        return next((row for row, card in enumerate(self._cards) if card.uid == uid), -1)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return the number of cards."""
        return 0 if parent.isValid() else len(self._cards)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own signature
        """Return the card, or its words."""
        card = self.card(index.row())
        if card is None:
            return None
        if role == Qt.ItemDataRole.UserRole:
            return card
        if role == Qt.ItemDataRole.DisplayRole:
            return card.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, [card.name, card.money, card.why]))
        return card.spoken if role == Qt.ItemDataRole.AccessibleTextRole else None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Cards can be dragged."""
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's own name
        """Cards travel as uids."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's own name
        """Return the uids of cards."""
        found = QMimeData()
        uids = [card.uid for index in indexes if (card := self.card(index.row())) is not None]
        found.setData(MIME, "\n".join(uids).encode())
        return found


class CardDelegate(QStyledItemDelegate):
    """Draws a card: name and marks, need as a bar with its number, cost and households, who pays or why not."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """All cards are equally high."""
        return QSize(150, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw one."""
        card = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(card, Card):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pens = _Pens(option)
        frame = QRect(option.rect).adjusted(3, 3, -3, -2)
        painter.setPen(QPen(pens.accent if pens.is_chosen else pens.line, 2 if pens.is_chosen else 1))
        painter.setBrush(pens.base)
        painter.drawRoundedRect(QRectF(frame), 6, 6)
        inner = frame.adjusted(_PAD, 5, -_PAD, -4)
        row = inner.height() // 4
        self._head(painter, pens, card, QRect(inner.topLeft(), QSize(inner.width(), row)))
        self._need(painter, pens, card, QRect(inner.topLeft() + QPoint(0, row), QSize(inner.width(), row)))
        painter.setFont(pens.plain)
        painter.setPen(pens.text)
        third = QRect(inner.topLeft() + QPoint(0, 2 * row), QSize(inner.width(), row))
        painter.drawText(third, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, card.cost)
        left = third.width() - painter.fontMetrics().horizontalAdvance(card.cost) - _PAD
        size = painter.fontMetrics().elidedText(card.size, Qt.TextElideMode.ElideRight, left)
        painter.drawText(third, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, size)
        last = QRect(inner.topLeft() + QPoint(0, 3 * row), QSize(inner.width(), row))
        painter.setPen(pens.error if card.is_barred else pens.soft)
        told = painter.fontMetrics().elidedText(
            card.why if card.is_barred else card.money or card.why, Qt.TextElideMode.ElideRight, last.width()
        )
        painter.drawText(last, Qt.AlignmentFlag.AlignVCenter, told)
        painter.restore()

    @staticmethod
    def _head(painter: QPainter, pens: "_Pens", card: Card, place: QRect) -> None:
        painter.setFont(pens.bold)
        right = place.right()
        if card.is_locked:
            draw_lock(painter, QRect(right - 13, place.top() + 2, 13, place.height() - 5), pens.text)
            right -= 19
        if card.is_urgent:
            box = QRect(right - 20, place.top() + 1, 20, place.height() - 2)
            painter.setPen(QPen(pens.error, 1.4))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box), 3, 3)
            painter.setPen(pens.error)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _("!!"))
            right -= 26
        painter.setPen(pens.text)
        width = right - place.left()
        name = painter.fontMetrics().elidedText(card.name, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(place.topLeft(), QSize(width, place.height())), Qt.AlignmentFlag.AlignVCenter, name)

    @staticmethod
    def _need(painter: QPainter, pens: "_Pens", card: Card, place: QRect) -> None:
        painter.setFont(pens.plain)
        painter.setPen(pens.text)
        words = _("need ?") if card.need is None else _("need {n:.0f}").format(n=card.need)
        taken = painter.fontMetrics().horizontalAdvance(_("need {n:.0f}").format(n=100)) + 8
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        bar = QRectF(place.left() + taken, place.center().y() - _BAR / 2 + 1, place.width() - taken, _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pens.line)
        painter.drawRoundedRect(bar, 4, 4)
        if card.need is None:
            painter.setBrush(QColor(pens.soft))
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
            painter.drawRoundedRect(bar, 4, 4)
            return
        painter.setBrush(need_colour(card.need))
        painter.drawRoundedRect(
            QRectF(bar.topLeft(), bar.size()).adjusted(0, 0, -bar.width() * (1 - card.need / 100), 0), 4, 4
        )


class _Pens:
    """Colours and fonts of the theme for one card."""

    def __init__(self, option: QStyleOptionViewItem) -> None:
        palette = option.palette
        self.is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        self.text, self.base = palette.text().color(), palette.base().color()
        self.soft, self.accent = palette.placeholderText().color(), palette.highlight().color()
        self.soft.setAlpha(255)
        self.line = QColor(self.soft)
        self.line.setAlpha(90)
        self.error = error_colour(self.base)
        self.plain = QFont(option.font)
        self.plain.setPixelSize(13)
        self.bold = QFont(self.plain)
        self.bold.setPixelSize(14)
        self.bold.setBold(True)


def error_colour(base: QColor) -> QColor:
    """Return the red that is read on a ground."""
    return QColor("#F2B8B5" if base.lightness() < 128 else "#B3261E")


def amber_colour(base: QColor) -> QColor:
    """Return the amber that is read on a ground."""
    return QColor("#F2C14E" if base.lightness() < 128 else "#8A5A00")


def need_colour(need: float) -> QColor:
    """Return the colour of a need index: the palette of the condition grades, blue to red."""
    grades = ("#2C7BB6", "#8FC6DE", "#F2C14E", "#E8743B", "#A3122A")
    return QColor(grades[min(len(grades) - 1, int(need // 20))])


def draw_lock(painter: QPainter, place: QRect, colour: QColor) -> None:
    """Draw a small padlock."""
    painter.setPen(QPen(colour, 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half = place.height() / 2
    painter.drawArc(QRectF(place.left() + 2.5, place.top(), place.width() - 5, half * 1.6), 0, 180 * 16)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(place.left() + 1, place.top() + half - 0.5, place.width() - 2, half), 2, 2)
