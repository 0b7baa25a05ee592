"""Picking a place on the map for a question: a point, or the corners of a line or area, with snapping."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from fieldsurvey.geo import measures
from fieldsurvey.i18n import _
from layers.sidecar import Sidecar
from layers.viewport import Viewport
from ui import shown
from ui.map.canvas import MapCanvas
from ui.map.tool import Tool, World
from ui.map.tool_draw import DrawTool, Scene

Mark = tuple[World, str]  # where something lies that can be chosen, and its name
_LEAST = {"point": 1, "line": 2, "area": 3}
_MOST_MARKS = 500  # names over one another help nobody


class PlaceTool(DrawTool):
    """Draws the answer of a question; length and area are those on the ellipsoid, as the form tells them.

    Signals:
        grown: (places) a corner came or went.
    """

    grown = Signal(object)

    def __init__(self, scene: Scene, kind: str, crs: str, corners: Sequence[World], marks: Sequence[Mark]) -> None:
        words = {"point": _("Place"), "line": _("Line"), "area": _("Outline")}
        super().__init__(scene, least=_LEAST[kind], closed=kind == "area", what=words[kind])
        self._crs, self._marks, self._seen = crs, marks[:_MOST_MARKS], len(corners)
        self.corners = list(corners)

    def _size(self) -> str:
        places, length = self._places(), measures.ellipsoidal_length
        if not self._crs or len(places) < 2:
            return ""
        if not self.closed:
            return f"{shown.fixed(length(places, self._crs), 1)} m"
        around = length([*places, places[0]], self._crs)
        return f"{shown.fixed(measures.ellipsoidal_area(places, self._crs), 1)} ㎡ · {shown.fixed(around, 1)} m"

    def _tell(self) -> None:
        super()._tell()
        if len(self.corners) != self._seen:
            self._seen = len(self.corners)
            self.grown.emit(list(self.corners))

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Paint what can be chosen under what is drawn."""
        metrics = QFontMetricsF(painter.font())
        for place, name in self._marks:
            spot = QPointF(*view.to_screen(*place))
            painter.setPen(QPen(colour, 2))
            painter.setBrush(QColor("#FFFFFF"))
            painter.drawEllipse(spot, 7, 7)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            box = QRectF(spot.x() + 10, spot.y() - metrics.height() / 2, metrics.horizontalAdvance(name) + 6, 0)
            box.setHeight(metrics.height())
            painter.fillRect(box, QColor("#FFFFFF"))
            painter.setPen(QColor("#000000"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
        super().paint(painter, view, colour)


class MapPicker(QObject):
    """Lets a person pick a place with the drawing tool of the map.

    Signals:
        picked: (list of (east, north)) the place is complete.
        grown: (list of (east, north)) a corner came or went.
        cancelled: (bool) the person left it unfinished; False: for another tool.
    """

    picked = Signal(object)
    grown = Signal(object)
    cancelled = Signal(bool)

    def __init__(self, canvas: MapCanvas, crs: Callable[[], str]) -> None:
        """Pick on a canvas; `crs` gives the reference system of the project, for lengths and areas."""
        super().__init__(canvas)
        self._canvas, self._crs = canvas, crs
        self._tool: PlaceTool | None = None
        canvas.tool_changed.connect(self._tool_changed)

    def start(self, kind: str, corners: Sequence[World] = (), marks: Sequence[Mark] = ()) -> None:
        """Begin to pick a "point", "line" or "area".

        Args:
            kind: What is to be picked.
            corners: Those the answer has already; they can be taken back and gone on from.
            marks: What can be chosen, to be seen on the map.
        """
        tool = PlaceTool(self._scene, kind, self._crs(), corners, marks)
        tool.drawn.connect(self._drawn)
        tool.grown.connect(self.grown)
        self._tool = None  # leaving an unfinished one for this one is no end
        self._canvas.use_tool(tool)
        self._tool = tool
        self._show([*corners, *(place for place, _name in marks)])

    def stop(self) -> None:
        """Pick no more; nobody is told."""
        if self._tool is not None:
            self._tool = None
            self._canvas.use_tool(None)

    def _show(self, places: Sequence[World]) -> None:
        """Move the map to places that cannot be seen."""
        if not places:
            return
        spots = [self._canvas.view.to_screen(*place) for place in places]
        if not all(0 <= x <= self._canvas.width() and 0 <= y <= self._canvas.height() for x, y in spots):
            east, north = zip(*places, strict=True)
            self._canvas.show_box((min(east), min(north), max(east), max(north)), border=1.4)

    def _scene(self) -> tuple[Sidecar | None, tuple[str, ...]]:
        look, view = self._canvas.look, self._canvas.view
        return self._canvas.sidecar, tuple(s.table for s in look.styles.values() if s.is_drawn_at(view.scale))

    @Slot(object)
    def _drawn(self, corners: list[World]) -> None:
        self._tool = None
        self._canvas.use_tool(None)
        self.picked.emit(corners)

    @Slot(object)
    def _tool_changed(self, tool: Tool | None) -> None:
        if self._tool is not None and tool is not self._tool:
            self._tool = None
            self.cancelled.emit(tool is None)
