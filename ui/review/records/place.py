"""The place of what is reviewed, drawn above the map."""

from collections.abc import Sequence

import shapely
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from ui.map.canvas import MapCanvas

_RED = QColor("#C5221F")
_AROUND = 60.0  # m shown around a place


class PlaceMark(QWidget):
    """Outlines and points above a map. It follows the map and lets the mouse through."""

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self.setObjectName("place_mark")
        self._canvas = canvas
        self._places: Sequence[shapely.Geometry] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.installEventFilter(self)
        self.resize(canvas.size())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the size of the map."""
        if event.type() is QEvent.Type.Resize:
            self.resize(self._canvas.size())
        return super().eventFilter(watched, event)

    def show_places(self, places: Sequence[bytes], *, go: bool = True) -> None:
        """Draw places given as WKB in the project CRS, and bring them into view."""
        self._places = [shapely.from_wkb(place) for place in places if place]
        if go and self._places:
            west, south, east, north = shapely.total_bounds(self._places).tolist()
            self._canvas.show_box((west - _AROUND, south - _AROUND, east + _AROUND, north + _AROUND))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw areas and lines as outlines, points as rings with a cross."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_RED, 3))
        for place in self._places:
            for part in shapely.get_parts(place):
                if part.geom_type == "Point":
                    spot = QPointF(*self._canvas.view.to_screen(part.x, part.y))
                    painter.drawEllipse(spot, 9, 9)
                    painter.drawLine(spot - QPointF(14, 0), spot + QPointF(14, 0))
                    painter.drawLine(spot - QPointF(0, 14), spot + QPointF(0, 14))
                else:
                    ring = part.exterior if part.geom_type == "Polygon" else part
                    corners = [QPointF(*self._canvas.view.to_screen(x, y)) for x, y, *_z in ring.coords]
                    painter.drawPolyline(QPolygonF(corners))
