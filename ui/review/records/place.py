"""The place of what is reviewed, drawn above the map."""

from collections.abc import Sequence

import shapely
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen

from ui.map.canvas import MapCanvas
from ui.map.overlay import MapOverlay

_RED = QColor("#C5221F")
_AROUND = 60.0  # m shown around a place


class PlaceMark(MapOverlay):
    """Outlines and points above a map. It follows the map and lets the mouse through."""

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__("place_mark", canvas)
        self._places: Sequence[shapely.Geometry] = ()

    def show_places(self, places: Sequence[bytes], *, go: bool = True) -> None:
        """Draw places given as WKB in the project CRS, and bring them into view."""
        self._places = [shapely.from_wkb(place) for place in places if place]
        if go and self._places:
            west, south, east, north = shapely.total_bounds(self._places).tolist()
            self.canvas.show_box((west - _AROUND, south - _AROUND, east + _AROUND, north + _AROUND))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw areas and lines as outlines, points as rings with a cross."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_RED, 3))
        for place in self._places:
            self.draw_lines(painter, place)
            self.draw_points(painter, place, 9)
