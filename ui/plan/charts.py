"""Charts drawn in the window: bars with their numbers. What is drawn is also said, and is the same in the exports."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from fieldsurvey.i18n import _

_LINE, _GAP, _PAD = 22, 3, 8
_NUMBER = 118  # px for the numbers at the right, at least


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        name: What it is.
        value: How long, in the unit of the chart; None: not known, drawn hatched.
        text: The number as printed.
        colour: As #RRGGBB.
        beside: A second, fainter value behind the first, such as the plan behind what is done; None: none.
    """

    name: str
    value: float | None
    text: str
    colour: str = "#2C7BB6"
    beside: float | None = None


class BarChart(QWidget):
    """Bars below one another, names at the left, numbers at the right."""

    def __init__(self, name: str, names_width: int = 130) -> None:
        super().__init__()
        self.setObjectName(name)
        self._bars: Sequence[Bar] = ()
        self._title, self._whole, self._names = "", 0.0, names_width

    def show_bars(self, title: str, bars: Sequence[Bar], whole: float = 0.0) -> None:
        """Show bars.

        Args:
            title: Above them.
            bars: From above.
            whole: What the full width stands for; 0: the longest bar.
        """
        self._title, self._bars = title, bars
        known = [value for bar in bars for value in (bar.value, bar.beside) if value is not None]
        self._whole = whole or max([0.0, *known]) or 1.0
        self.setAccessibleName(_(", ").join([title, *(f"{bar.name} {bar.text}" for bar in bars)]))
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        """As high as its bars."""
        return QSize(320, _LINE * (len(self._bars) + 1) + 2 * _PAD)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(13)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self.palette().text().color())
        painter.drawText(QRect(0, _PAD, self.width(), _LINE), Qt.AlignmentFlag.AlignVCenter, self._title)
        font.setBold(False)
        painter.setFont(font)
        told = max((painter.fontMetrics().horizontalAdvance(bar.text) for bar in self._bars), default=0)
        numbers = max(_NUMBER, told + _PAD)
        for number, bar in enumerate(self._bars, start=1):
            self._draw(painter, bar, QRect(0, _PAD + number * _LINE, self.width(), _LINE), numbers)
        painter.end()

    def _draw(self, painter: QPainter, bar: Bar, place: QRect, numbers: int) -> None:
        soft = QColor(self.palette().placeholderText().color())
        painter.setPen(self.palette().text().color())
        name = painter.fontMetrics().elidedText(bar.name, Qt.TextElideMode.ElideRight, self._names - 6)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignLeft, name)
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, bar.text)
        width = max(20, place.width() - self._names - numbers)
        track = QRectF(self._names, place.top() + _GAP + 2, width, place.height() - 2 * _GAP - 4)
        painter.setPen(Qt.PenStyle.NoPen)
        soft.setAlpha(60)
        painter.setBrush(soft)
        painter.drawRoundedRect(track, 3, 3)
        if bar.value is None:
            soft.setAlpha(220)
            painter.setBrush(soft)
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
            painter.drawRoundedRect(track, 3, 3)
            return
        for value, alpha in ((bar.beside, 90), (bar.value, 255)):
            if value is not None:
                colour = QColor(bar.colour)
                colour.setAlpha(alpha)
                painter.setBrush(colour)
                share = min(1.0, max(0.0, value / self._whole))
                painter.drawRoundedRect(QRectF(track.left(), track.top(), track.width() * share, track.height()), 3, 3)
