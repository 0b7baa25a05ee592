"""Findings on the map: a layer of its own above the drawn map, so that nothing has to be drawn anew."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPixmap

from fieldsurvey.assess.rules import Result
from fieldsurvey.model.finding import Finding
from ui.map.canvas import MapCanvas
from ui.map.overlay import MapOverlay
from ui.review.loading import Desk
from ui.review.model import MARKS

_CLOSE = 6_000  # scale denominator from which each place is drawn with its sign
_MOST_SIGNS = 400  # in one view; beyond that the eye sees a cloud, and dots do
_CELL = 4  # px: findings nearer to one another share a dot
_SHIFT = 100  # cells: makes those left of and above the window countable
_RIM = 2  # px around a sign
_ORDER = (Result.REVIEW, Result.UNCERTAIN, Result.FAIL)  # the worst is drawn last, on top


class FindingMarks(MapOverlay):
    """The layer of findings above a map. It follows the map by itself and lets the mouse through."""

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__("finding_marks", canvas)
        self._findings: Sequence[Finding] = ()
        self._rows: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._spots: npt.NDArray[np.float64] = np.zeros((0, 2))
        self._kinds: npt.NDArray[np.str_] = np.zeros(0, dtype=str)
        self._chosen: Finding | None = None
        self._signs: dict[tuple[Result, int], QPixmap] = {}

    def show_findings(self, desk: Desk, rows: npt.NDArray[np.intp]) -> None:
        """Show some findings of a project, named by their numbers."""
        self._findings, self._rows = desk.findings, rows
        self._spots, self._kinds = desk.spots[rows], desk.columns["result"][rows]
        self.update()

    def choose(self, finding: Finding | None) -> None:
        """Draw one finding large, with its whole place."""
        self._chosen = finding
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw dots from afar, signs from near, and the chosen place."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view = self.canvas.view
        box = view.box(20)
        inside = np.flatnonzero(
            (self._spots[:, 0] >= box[0])
            & (self._spots[:, 0] <= box[2])
            & (self._spots[:, 1] >= box[1])
            & (self._spots[:, 1] <= box[3])
        )
        if view.scale > _CLOSE or len(inside) > _MOST_SIGNS:
            self._paint_dots(painter, inside)
        else:
            for result in _ORDER:
                for number in inside[self._kinds[inside] == result].tolist():
                    self._paint_place(painter, self._findings[self._rows[number]], 2)
                    self._paint_sign(painter, self.spot(*self._spots[number]), result, 8)
        if self._chosen is not None:
            self._paint_place(painter, self._chosen, 5)
            if self._chosen.place:
                centre = shapely.centroid(shapely.from_wkb(self._chosen.place))
                self._paint_sign(painter, self.spot(centre.x, centre.y), self._chosen.result, 13)

    def _paint_dots(self, painter: QPainter, inside: npt.NDArray[np.intp]) -> None:
        """Draw one dot for all findings that fall into the same few pixels."""
        view = self.canvas.view
        left, top = view.to_world(0, 0)
        pixels = (self._spots[inside] - (left, top)) / (view.metres, -view.metres)
        cells = np.floor(pixels / _CELL).astype(np.int64) + _SHIFT
        for result in _ORDER:
            mine = cells[self._kinds[inside] == result]
            each = np.unique((mine[:, 0] << 32) + mine[:, 1])
            xy = (np.column_stack([each >> 32, each & 0xFFFFFFFF]) - _SHIFT) * _CELL
            painter.setPen(QPen(QColor(MARKS[result][1]), 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints([QPoint(x, y) for x, y in xy.tolist()])

    def _paint_place(self, painter: QPainter, finding: Finding, width: int) -> None:
        if not finding.place:
            return
        painter.setPen(QPen(QColor(MARKS[finding.result][1]), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self.draw_lines(painter, shapely.from_wkb(finding.place))

    def _paint_sign(self, painter: QPainter, at: QPointF, result: Result, radius: int) -> None:
        """Draw the sign of a result: round with ✕, ≈ or ?, so that colour is not needed to tell them apart."""
        if (result, radius) not in self._signs:
            self._signs[result, radius] = _sign(result, radius, painter.font())
        half = radius + _RIM
        painter.drawPixmap(at - QPointF(half, half), self._signs[result, radius])


def _sign(result: Result, radius: int, font: QFont) -> QPixmap:
    sign, colour = MARKS[result]
    picture = QPixmap(2 * (radius + _RIM), 2 * (radius + _RIM))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor("#FFFFFF"), 2))
    painter.setBrush(QColor(colour))
    painter.drawEllipse(QPointF(radius + _RIM, radius + _RIM), radius, radius)
    font.setPixelSize(round(radius * 1.3))
    font.setBold(True)
    painter.setFont(font)
    painter.drawText(QRectF(_RIM, _RIM, 2 * radius, 2 * radius), Qt.AlignmentFlag.AlignCenter, sign)
    painter.end()
    return picture
