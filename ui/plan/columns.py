"""One column of the board: a year with its sums beside the limits, and its cards."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QFont, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.plan.board import Strain, YearSum, strain
from ui.plan.cards import MIME, Card, CardDelegate, CardModel, amber_colour, error_colour

_HEAD = 94
_MARKS = {Strain.FINE: "", Strain.NEAR: "▲", Strain.OVER: "✕"}


class Head(QWidget):
    """The sums of a year, each beside its limit; near a limit it turns amber, beyond it red, with a mark."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(_HEAD)
        self.title = ""
        self.lines: list[tuple[str, str, float | None, Strain]] = []

    def show_sum(self, title: str, now: YearSum | None, lacking: float) -> None:
        """Show the sums of a year; None: communities that are in no year."""
        self.title, self.lines = title, []
        if now is not None:
            self.lines = [
                _line(_("households"), now.households, now.households_max, "{:,.0f}"),
                _line(_("cost"), now.cost_wan, now.investment_max, "{:,.0f}"),
                _money(now, lacking),
            ]
        words = [f"{name} {text} {_strain_word(state)}".strip() for name, text, _share, state in self.lines]
        self.setAccessibleName(_(", ").join([title, *words]))
        self.setToolTip("\n".join(words))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw title and bars."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        font = QFont(self.font())
        font.setPixelSize(15)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(palette.text().color())
        painter.drawText(QRect(6, 2, self.width() - 12, 24), Qt.AlignmentFlag.AlignVCenter, self.title)
        font.setPixelSize(13)
        font.setBold(False)
        painter.setFont(font)
        for number, line in enumerate(self.lines):
            self._draw_line(painter, QRect(6, 27 + number * 22, self.width() - 12, 21), *line)
        painter.end()

    def _draw_line(
        self, painter: QPainter, place: QRect, name: str, text: str, share: float | None, state: Strain
    ) -> None:
        base, soft = self.palette().base().color(), self.palette().placeholderText().color()
        colour = {Strain.FINE: QColor("#2C7BB6"), Strain.NEAR: amber_colour(base), Strain.OVER: error_colour(base)}[
            state
        ]
        painter.setPen(self.palette().text().color() if state is Strain.FINE else colour)
        painter.drawText(place.adjusted(0, 0, 0, -4), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        told = f"{_MARKS[state]} {text}".strip()
        metrics = painter.fontMetrics()
        if metrics.horizontalAdvance(f"{name}  {told}") > place.width():
            told = told.partition(" / ")[0]  # the bar shows the limit, and the tip tells it
        painter.drawText(place.adjusted(0, 0, 0, -4), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, told)
        if share is None:
            return
        bar = QRectF(place.left(), place.bottom() - 3, place.width(), 4)
        line = QColor(soft)
        line.setAlpha(70)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(line)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * min(1.0, share), bar.height()), 2, 2)


def _line(name: str, used: float, limit: float | None, pattern: str) -> tuple[str, str, float | None, Strain]:
    text = pattern.format(used) if limit is None else f"{pattern.format(used)} / {pattern.format(limit)}"
    share = None if limit is None else (used / limit if limit else 1.0)
    return name, text, share, strain(used, limit)


def _money(now: YearSum, lacking: float) -> tuple[str, str, float | None, Strain]:
    """Return the line of the money: what has arrived, and what no fund pays."""
    name, text, share, state = _line(_("money"), now.cost_wan, now.money_wan, "{:,.0f}")
    if lacking > 0:
        return name, _("{wan:,.0f} lacking").format(wan=lacking), 1.0, Strain.OVER
    return name, text, share, Strain.NEAR if state is Strain.OVER else state


def _strain_word(state: Strain) -> str:
    return {Strain.FINE: "", Strain.NEAR: _("near the limit"), Strain.OVER: _("above the limit")}[state]


class CardList(QListView):
    """The cards of a column: chosen, dragged, and moved by Alt with an arrow key.

    Signals:
        dropped: (uids) cards of other columns were dropped here.
        shifted: (step) Alt and an arrow: the chosen cards go a column on or back.
        lock_wanted: () L: lock or unlock the chosen cards.
        chosen: (uid) another card is current.
    """

    dropped = Signal(list)
    shifted = Signal(int)
    lock_wanted = Signal()
    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.cards = CardModel()
        self.setModel(self.cards)
        self.setItemDelegate(CardDelegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._tell)

    def minimumSizeHint(self) -> QSize:
        """A column may be narrow: five of them stand side by side."""
        return QSize(140, 120)

    def uids(self) -> list[str]:
        """Return the chosen communities."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [card.uid for row in rows if (card := self.cards.card(row)) is not None]

    def choose(self, uid: str) -> bool:
        """Make a card the current one; False if it is not here."""
        row = self.cards.row_of(uid)
        if row < 0:
            return False
        index = self.cards.index(row, 0)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)
        return True

    def _tell(self) -> None:
        card = self.cards.card(self.currentIndex().row())
        if card is not None:
            self.chosen.emit(card.uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt with an arrow moves the chosen cards, L locks them."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in steps:
            self.shifted.emit(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_L and not event.modifiers():
            self.lock_wanted.emit()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take cards only."""
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Cards may be dropped anywhere in a column."""
        if event.mimeData().hasFormat(MIME) and event.source() is not self:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped; the board moves it."""
        if event.source() is not self and event.mimeData().hasFormat(MIME):
            event.setDropAction(Qt.DropAction.CopyAction)  # the list must not remove rows by itself
            event.accept()
            self.dropped.emit(bytes(event.mimeData().data(MIME).data()).decode().split("\n"))


class Column(QWidget):
    """A year, or the communities that are in none.

    Attributes:
        year: The year; None: not in the plan.
    """

    def __init__(self, year: int | None) -> None:
        super().__init__()
        self.year = year
        self.head = Head()
        self.list = CardList(f"board_{year or 'out'}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.head)
        layout.addWidget(self.list, 1)

    def show_cards(self, cards: Sequence[Card], now: YearSum | None, lacking: float) -> None:
        """Show the cards and sums of the column; the place in the list stays."""
        name = _("not in the plan") if self.year is None else _("{year}").format(year=self.year)
        title = _("{name}: {n} communities").format(name=name, n=len(cards))
        self.head.show_sum(title, now, lacking)
        at = self.list.verticalScrollBar().value()
        self.list.setAccessibleName(title)
        self.list.cards.show_cards(cards)
        self.list.verticalScrollBar().setValue(at)
