"""What lies above the drawn map and follows it, so that nothing has to be drawn anew."""

import shapely
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF
from PySide6.QtWidgets import QWidget

from ui.map.canvas import MapCanvas


class MapOverlay(QWidget):
    """A transparent sheet above a map: as large as it, and the mouse goes through."""

    def __init__(self, name: str, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self.setObjectName(name)
        self.canvas = canvas
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.installEventFilter(self)
        self.resize(canvas.size())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the size of the map."""
        if event.type() is QEvent.Type.Resize:
            self.resize(self.canvas.size())
        return super().eventFilter(watched, event)

    def spot(self, east: float, north: float) -> QPointF:
        """Return the pixel of a place in the project CRS."""
        return QPointF(*self.canvas.view.to_screen(east, north))

    def draw_lines(self, painter: QPainter, shape: shapely.Geometry) -> None:
        """Draw the lines of a shape, and the rings of its areas with their holes; points are left out."""
        for part in shapely.get_parts(shape):
            rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
            for ring in rings:
                corners = shapely.get_coordinates(ring).tolist()
                if len(corners) > 1:
                    painter.drawPolyline(QPolygonF([self.spot(x, y) for x, y in corners]))

    def draw_points(self, painter: QPainter, shape: shapely.Geometry, radius: int) -> None:
        """Draw the points of a shape as rings with a cross."""
        for part in shapely.get_parts(shape):
            if part.geom_type == "Point":
                spot = self.spot(part.x, part.y)
                painter.drawEllipse(spot, radius, radius)
                painter.drawLine(spot - QPointF(radius + 5, 0), spot + QPointF(radius + 5, 0))
                painter.drawLine(spot - QPointF(0, radius + 5), spot + QPointF(0, radius + 5))
