"""Findings on the map: a layer of its own above the drawn map, so that nothing has to be drawn anew."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from fieldsurvey.assess.rules import Result
from fieldsurvey.model.finding import Finding
from ui.map.canvas import MapCanvas
from ui.review.model import MARKS

_CLOSE = 6_000  # scale denominator from which each place is drawn with its sign
_MOST_SIGNS = 1_500  # in one view; beyond that the eye sees a cloud, and dots do
_ORDER = (Result.REVIEW, Result.UNCERTAIN, Result.FAIL)  # the worst is drawn last, on top


class FindingMarks(QWidget):
    """The layer of findings above a map. It follows the map by itself and lets the mouse through."""

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self.setObjectName("finding_marks")
        self._canvas = canvas
        self._findings: Sequence[Finding] = ()
        self._spots: npt.NDArray[np.float64] = np.zeros((0, 2))
        self._kinds: npt.NDArray[np.int8] = np.zeros(0, dtype=np.int8)
        self._chosen: Finding | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.installEventFilter(self)
        self.resize(canvas.size())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the size of the map."""
        if event.type() is QEvent.Type.Resize:
            self.resize(self._canvas.size())
        return super().eventFilter(watched, event)

    def show_findings(self, findings: Sequence[Finding], spots: npt.NDArray[np.float64]) -> None:
        """Show findings at their places, m in the project CRS, shape (n, 2)."""
        self._findings, self._spots = findings, spots
        self._kinds = np.array([_ORDER.index(finding.result) for finding in findings], dtype=np.int8)
        self.update()

    def choose(self, finding: Finding | None) -> None:
        """Draw one finding large, with its whole place."""
        self._chosen = finding
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw dots from afar, signs from near, and the chosen place."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        view = self._canvas.view
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
            for number in inside[np.argsort(self._kinds[inside], kind="stable")].tolist():
                self._paint_place(painter, self._findings[number], 2)
                _paint_sign(painter, self._pixel(*self._spots[number]), self._findings[number].result, 8)
        if self._chosen is not None:
            self._paint_place(painter, self._chosen, 5)
            if self._chosen.place:
                centre = shapely.centroid(shapely.from_wkb(self._chosen.place))
                _paint_sign(painter, self._pixel(centre.x, centre.y), self._chosen.result, 13)

    def _pixel(self, east: float, north: float) -> QPointF:
        return QPointF(*self._canvas.view.to_screen(east, north))

    def _paint_dots(self, painter: QPainter, inside: npt.NDArray[np.intp]) -> None:
        view = self._canvas.view
        left, top = view.to_world(0, 0)
        pixels = (self._spots[inside] - (left, top)) / (view.metres, -view.metres)
        for kind, result in enumerate(_ORDER):
            dots = pixels[self._kinds[inside] == kind].round().astype(int)
            dots = np.unique(dots, axis=0)
            painter.setPen(QPen(QColor(MARKS[result][1]), 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in dots.tolist()]))

    def _paint_place(self, painter: QPainter, finding: Finding, width: int) -> None:
        if not finding.place:
            return
        painter.setPen(QPen(QColor(MARKS[finding.result][1]), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for part in shapely.get_parts(shapely.from_wkb(finding.place)):
            shapes = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
            for shape in shapes:
                if shape.geom_type in {"LineString", "LinearRing"}:
                    painter.drawPolyline(
                        QPolygonF([self._pixel(x, y) for x, y in shapely.get_coordinates(shape).tolist()])
                    )


def _paint_sign(painter: QPainter, at: QPointF, result: Result, radius: int) -> None:
    """Draw the sign of a result: round with ✕, ≈ or ?, so that colour is not needed to tell them apart."""
    sign, colour = MARKS[result]
    painter.setPen(QPen(QColor("#FFFFFF"), 2))
    painter.setBrush(QColor(colour))
    painter.drawEllipse(at, radius, radius)
    font = painter.font()
    font.setPixelSize(round(radius * 1.3))
    font.setBold(True)
    painter.setFont(font)
    painter.drawText(
        QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius), Qt.AlignmentFlag.AlignCenter, sign
    )
