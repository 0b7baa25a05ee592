"""The works in time: a bar for each item, what lies below the ground apart from what closes the surface."""

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from fieldsurvey.i18n import _
from fieldsurvey.plan.works import Work

_ROW, _HEAD, _NAMES = 26, 26, 210
_COLOURS = {"below": "#7A4A1E", "above": "#2E8B57", "": "#2C7BB6"}
_MOST_MONTHS = 12  # labels above the bars


class Gantt(QWidget):
    """Works below one another along the months."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gantt")
        self._works: list[tuple[str, Work]] = []
        self._first, self._days = date(2026, 1, 1), 365

    def show_works(self, works: Sequence[tuple[str, Work]]) -> None:
        """Show works: (name of the community, work); those without dates are named without a bar."""
        self._works = list(works)
        days = [_day(text) for _name, work in works for text in (work.start, work.finish) if _day(text) is not None]
        known = sorted(day for day in days if day is not None)
        if known:
            self._first = known[0].replace(day=1)
            self._days = max(31, (known[-1] - self._first).days + 1)
        words = [f"{name} {work.code} {work.label} {work.start} {work.finish} {work.problem}" for name, work in works]
        self.setAccessibleName(_(", ").join([_("Works in time"), *words]))
        self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        """As high as there are works."""
        return QSize(700, _HEAD + _ROW * max(1, len(self._works)) + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the months and the bars that are seen."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(13)
        painter.setFont(font)
        if not self._works:
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(
                self.rect(), Qt.AlignmentFlag.AlignCenter, _("No plan items with dates are entered (form f23).")
            )
        self._draw_months(painter)
        for number in range(len(self._works)):
            place = QRect(0, _HEAD + number * _ROW, self.width(), _ROW)
            if place.intersects(event.rect()):
                self._draw_work(painter, *self._works[number], place)
        painter.end()

    def _x(self, day: date) -> float:
        return _NAMES + (self.width() - _NAMES - 8) * (day - self._first).days / self._days

    def _draw_months(self, painter: QPainter) -> None:
        if not self._works:
            return
        months = [
            date(self._first.year + (self._first.month - 1 + step) // 12, (self._first.month - 1 + step) % 12 + 1, 1)
            for step in range(self._days // 28 + 2)
        ]
        months = [month for month in months if (month - self._first).days <= self._days]
        every = max(1, -(-len(months) // _MOST_MONTHS))
        line = QColor(self.palette().placeholderText().color())
        line.setAlpha(60)
        for month in months[::every]:
            x = round(self._x(month))
            painter.setPen(line)
            painter.drawLine(x, 0, x, self.height())
            painter.setPen(self.palette().text().color())
            painter.drawText(
                QRect(x + 3, 0, 90, _HEAD), Qt.AlignmentFlag.AlignVCenter, f"{month.year}-{month.month:02}"
            )

    def _draw_work(self, painter: QPainter, name: str, work: Work, place: QRect) -> None:
        painter.setPen(self.palette().text().color())
        mark = "⚠ " if work.problem else ""
        told = painter.fontMetrics().elidedText(
            f"{mark}{name} {work.code} {work.label}", Qt.TextElideMode.ElideRight, _NAMES - 8
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, told)
        start, finish = _day(work.start), _day(work.finish)
        if start is None:
            return
        right = self._x(finish) if finish is not None and finish >= start else self._x(start) + 6
        bar = QRectF(self._x(start), place.top() + 5, max(6.0, right - self._x(start)), place.height() - 10)
        colour = QColor(_COLOURS[work.kind])
        painter.setPen(QPen(QColor("#B3261E"), 2.5) if work.problem else QPen(colour, 1))
        painter.setBrush(
            QBrush(colour, Qt.BrushStyle.Dense3Pattern if work.kind == "below" else Qt.BrushStyle.SolidPattern)
        )
        painter.drawRoundedRect(bar, 3, 3)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
