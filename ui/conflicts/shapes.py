"""The shapes of a conflict above the map: as it was, mine, theirs, and the corners that differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen

from ui.map.canvas import MapCanvas
from ui.map.overlay import MapOverlay

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


class Outlines(MapOverlay):
    """Shapes above a map. They follow it and let the mouse through."""

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__("conflict_outlines", canvas)
        self._outlines: list[tuple[Outline, shapely.Geometry]] = []

    def show_outlines(self, outlines: Sequence[Outline]) -> None:
        """Draw shapes and bring them into view."""
        self._outlines = [(one, shapely.from_wkb(one.shape)) for one in outlines]
        if self._outlines:
            west, south, east, north = shapely.total_bounds([shape for _one, shape in self._outlines]).tolist()
            edge = max(_LEAST, (east - west + north - south) / 8)
            self.canvas.show_box((west - edge, south - edge, east + edge, north + edge))
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
            self.draw_lines(painter, shape)
            self.draw_points(painter, shape, 8)
            painter.setPen(QPen(outline.colour, 2))
            for corner in outline.corners:
                spot = self.spot(*corner)
                painter.drawRect(int(spot.x()) - 4, int(spot.y()) - 4, 8, 8)
