"""Changing one feature: its vertices, its place, its direction."""

import shapely
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPolygonF

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.geo import measures
from fieldsurvey.i18n import _
from layers import edits
from layers.viewport import Viewport
from ui.map.tool import Tool, World, draw_corners, on_screen
from ui.map.tool_draw import Scene, Snapper

_REACH_PX = 10


class ShapeTool(Tool):
    """Shows a changed feature before it is saved.

    Signals:
        reshaped: (geometry) the person is done with a change.
        refused: (text) a change is not possible.
    """

    takes_drags = True
    reshaped = Signal(object)
    refused = Signal(str)

    def __init__(self, scene: Scene, uid: str, geometry: shapely.Geometry) -> None:
        super().__init__()
        self.geometry = geometry
        self._ghost: shapely.Geometry | None = None
        self._uid = uid
        self._snapper = Snapper(scene)

    def start(self, view: Viewport) -> None:
        """Tell what to do."""
        self._snapper.metres = view.metres
        self.hinted.emit(self.hint())

    def hint(self) -> str:
        """What to do with this tool."""
        return ""

    def view_changed(self, view: Viewport) -> None:
        """Keep the reach of snapping in pixels."""
        self._snapper.metres = view.metres

    def counted(self, place: World) -> World:
        """Return where a place counts; the feature does not snap to itself."""
        return self._snapper.place(place, frozenset({self._uid}))

    def show_ghost(self, geometry: shapely.Geometry | None) -> None:
        """Show a change that is not done yet."""
        self._ghost = geometry
        self.changed.emit()

    def done(self, geometry: shapely.Geometry) -> None:
        """Take a change over."""
        self.geometry, self._ghost = geometry, None
        self.reshaped.emit(geometry)
        self.changed.emit()

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Paint the feature as it would be, with its vertices."""
        shape = self._ghost or self.geometry
        parts = shapely.get_parts(shape)
        rings = shapely.get_rings(parts) if shape.geom_type in {"Polygon", "MultiPolygon"} else parts
        for ring in rings:
            spots = on_screen(view, [(x, y) for x, y in shapely.get_coordinates(ring).tolist()])
            painter.setPen(
                QPen(colour, 2.5, Qt.PenStyle.DashLine if self._ghost is not None else Qt.PenStyle.SolidLine)
            )
            painter.drawPolyline(QPolygonF(spots))
            draw_corners(painter, spots, colour)
        self._snapper.paint(painter, view, colour)


class VertexTool(ShapeTool):
    """Drags vertices, puts new ones into edges, takes them out."""

    keys = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Backspace})

    def __init__(self, scene: Scene, uid: str, geometry: shapely.Geometry) -> None:
        super().__init__(scene, uid, geometry)
        self._held: World | None = None  # the vertex being moved
        self._near: World | None = None  # the vertex under the pointer

    def hint(self) -> str:
        """What to do with this tool."""
        return _(
            "Drag a vertex, or click it and its new place; click an edge for a new one; Delete removes it. Esc: leave."
        )

    def _vertex_at(self, place: World) -> World | None:
        corners = [(x, y) for x, y in shapely.get_coordinates(self.geometry).tolist()]
        best = min(corners, key=lambda corner: measures.grid_length([corner, place]))
        return best if measures.grid_length([best, place]) <= _REACH_PX * self._snapper.metres else None

    def hover(self, place: World) -> None:
        """Show where the vertex would go."""
        if self._held is not None:
            self._try(self._held, self.counted(place), keep=False)
        else:
            self._near = self._vertex_at(place)

    def click(self, place: World, modifiers: Qt.KeyboardModifier) -> None:
        """Take a vertex, put it down, or put a new one into an edge."""
        if self._held is not None:
            held, self._held = self._held, None
            self._try(held, self.counted(place), keep=True)
            return
        self._held = self._vertex_at(place)
        is_area = self.geometry.geom_type == "MultiPolygon"
        outline = shapely.boundary(self.geometry) if is_area else self.geometry
        is_near = shapely.distance(outline, shapely.Point(place)) <= _REACH_PX * self._snapper.metres
        if self._held is None and is_near and self.geometry.geom_type != "Point":
            self._try(None, place, keep=True)

    def drag(self, begin: World, now: World, *, done: bool) -> None:
        """Move the vertex that the drag began at."""
        vertex = self._vertex_at(begin)
        if vertex is not None:
            self._try(vertex, self.counted(now), keep=done)

    def key(self, event: QKeyEvent) -> bool:
        """Delete takes the vertex under the pointer out; Esc puts a held one back."""
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and (vertex := self._held or self._near):
            self._held = None
            self._try(vertex, None, keep=True)
        elif event.key() == Qt.Key.Key_Escape and self._held is not None:
            self._held = None
            self.show_ghost(None)
        else:
            return False
        return True

    def _try(self, old: World | None, new: World | None, *, keep: bool) -> None:
        try:
            made = edits.with_vertex(self.geometry, old, new)
        except FieldSurveyError as error:
            self.show_ghost(None)
            if keep:
                self.refused.emit(str(error))
            return
        if keep:
            self.done(made)
        else:
            self.show_ghost(made)


class MoveTool(ShapeTool):
    """Moves a feature from one place to another, or turns it about its middle."""

    def __init__(self, scene: Scene, uid: str, geometry: shapely.Geometry, *, turn: bool) -> None:
        super().__init__(scene, uid, geometry)
        self._turn = turn
        self._begin: World | None = None
        self._typed = ""

    def hint(self) -> str:
        """What to do with this tool."""
        if self._turn:
            return _("Click a direction and where it turns to, or type degrees (clockwise) and Enter. Esc: leave.")
        return _("Click a place of the feature and where it goes, or drag; or type east,north and Enter. Esc: leave.")

    def _made(self, begin: World, end: World) -> shapely.Geometry:
        if not self._turn:
            return edits.moved(self.geometry, begin, end)
        centre = self._centre()
        return edits.turned(self.geometry, centre, measures.bearing(centre, end) - measures.bearing(centre, begin))

    def _centre(self) -> World:
        middle = shapely.centroid(self.geometry)
        return (middle.x, middle.y)

    def hover(self, place: World) -> None:
        """Show how it would be."""
        if self._begin is not None:
            self.show_ghost(self._made(self._begin, self.counted(place)))

    def click(self, place: World, modifiers: Qt.KeyboardModifier) -> None:
        """Begin, or end."""
        at = self.counted(place)
        if self._begin is None:
            self._begin = at
        else:
            begin, self._begin = self._begin, None
            self.done(self._made(begin, at))

    def drag(self, begin: World, now: World, *, done: bool) -> None:
        """Move or turn as the drag goes."""
        made = self._made(begin, self.counted(now))
        if done:
            self.done(made)
        else:
            self.show_ghost(made)

    def key(self, event: QKeyEvent) -> bool:
        """Take typed numbers."""
        if event.text() and event.text() in "0123456789.,-":
            self._typed += event.text()
        elif event.key() == Qt.Key.Key_Backspace and self._typed:
            self._typed = self._typed[:-1]
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._typed:
            self._take_typed()
        else:
            return False
        self.hinted.emit(f"{self._typed}   {self.hint()}")
        return True

    def _take_typed(self) -> None:
        text, self._typed = self._typed, ""
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            return
        if self._turn and len(numbers) == 1:
            self.done(edits.turned(self.geometry, self._centre(), numbers[0]))
        elif not self._turn and len(numbers) == 2:
            self.done(edits.moved(self.geometry, (0.0, 0.0), (numbers[0], numbers[1])))

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Paint the feature, and the middle it turns about."""
        super().paint(painter, view, colour)
        if self._turn:
            painter.drawEllipse(QPointF(*view.to_screen(*self._centre())), 7, 7)
