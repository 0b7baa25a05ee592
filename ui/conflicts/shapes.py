"""The shapes of a conflict above the map: as it was, mine, theirs, and the corners that differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from ui.map.canvas import MapCanvas

BASE, MINE, THEIRS = QColor("#5F6368"), QColor("#0B57D0"), QColor("#C5221F")
_STYLES = (Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine, Qt.PenStyle.DotLine)
_LEAST = 10.0  # m shown around shapes that are a point


@dataclass(frozen=True, slots=True)
class Outline:
    """One shape.

    Attributes:
        shape: WKB in the project CRS.
        colour: Its colour.
        line: Its line, so that colour is never alone.
        corners: Corners that differ from the shape before.
    """

    shape: bytes
    colour: QColor
    line: Qt.PenStyle
    corners: Sequence[tuple[float, float]] = ()


class Outlines(QWidget):
    """Shapes above a map. They follow it and let the mouse through."""

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self.setObjectName("conflict_outlines")
        self._canvas = canvas
        self._outlines: list[tuple[Outline, shapely.Geometry]] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.installEventFilter(self)
        self.resize(canvas.size())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the size of the map."""
        if event.type() is QEvent.Type.Resize:
            self.resize(self._canvas.size())
        return super().eventFilter(watched, event)

    def show_outlines(self, outlines: Sequence[Outline]) -> None:
        """Draw shapes and bring them into view."""
        self._outlines = [(one, shapely.from_wkb(one.shape)) for one in outlines]
        if self._outlines:
            west, south, east, north = shapely.total_bounds([shape for _one, shape in self._outlines]).tolist()
            edge = max(_LEAST, (east - west + north - south) / 8)
            self._canvas.show_box((west - edge, south - edge, east + edge, north + edge))
        self.update()

    @property
    def count(self) -> int:
        """How many shapes are drawn."""
        return len(self._outlines)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the shapes, each in its colour and line, and a square at every corner that differs."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for outline, shape in self._outlines:
            painter.setPen(QPen(outline.colour, 3, outline.line))
            for ring in _rings(shape):
                self._paint_ring(painter, ring)
            painter.setPen(QPen(outline.colour, 2))
            for corner in outline.corners:
                spot = self._spot(*corner)
                painter.drawRect(int(spot.x()) - 4, int(spot.y()) - 4, 8, 8)

    def _paint_ring(self, painter: QPainter, ring: list[tuple[float, float]]) -> None:
        spots = [self._spot(*corner) for corner in ring]
        if len(spots) == 1:
            painter.drawEllipse(spots[0], 8, 8)
        else:
            painter.drawPolyline(QPolygonF(spots))

    def _spot(self, east: float, north: float) -> QPointF:
        return QPointF(*self._canvas.view.to_screen(east, north))


def _rings(shape: shapely.Geometry) -> list[list[tuple[float, float]]]:
    """Return the lines of a shape, a point as one of a single corner."""
    parts = shapely.get_parts(shape)
    rings = [ring for part in parts for ring in ([part] if part.geom_type != "Polygon" else _around(part))]
    return [[(float(x), float(y)) for x, y in shapely.get_coordinates(ring).tolist()] for ring in rings]


def _around(area: shapely.Geometry) -> list[shapely.Geometry]:
    return [area.exterior, *area.interiors]
