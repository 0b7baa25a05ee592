"""Drawing with snapping, tracing, typed numbers, and sides square or parallel to others."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from fieldsurvey.geo import measures
from fieldsurvey.i18n import _
from layers import edits
from layers.picking import rings_of
from layers.sidecar import Sidecar
from layers.snapping import Snap, SnapKind, snap, trace
from layers.viewport import Viewport
from ui.map.tool import World
from ui.map.tools import CornersTool

_REACH_PX = 10
_TYPED = "0123456789.,<-，"
Scene = Callable[[], tuple[Sidecar | None, tuple[str, ...]]]  # the layers, and those that are drawn now


class Snapper:
    """Finds what the pointer is drawn to, and marks it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.metres = 1.0
        self.is_on = True
        self.found: Snap | None = None

    def place(self, pointer: World, without: frozenset[str] = frozenset()) -> World:
        """Return where a click there counts."""
        sidecar, tables = self._scene()
        self.found = None
        if sidecar is not None and self.is_on:
            self.found = snap(sidecar, tables, pointer, _REACH_PX * self.metres, without)
        return self.found.place if self.found else pointer

    def ring(self, found: Snap, other: World) -> list[World]:
        """Return the vertices between two snapped vertices of one feature, along its edge."""
        sidecar, _tables = self._scene()
        located = sidecar.find(found.table, found.uid) if sidecar else None
        if located is None:
            return []
        columns, number = located
        for ring in rings_of(columns, number):
            corners = [(x, y) for x, y in (ring / 1e3 + columns.origin).tolist()]
            if way := trace(corners, other, found.place):
                return way
        return []

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Mark what is snapped to: a square, a cross, a triangle, a circle."""
        if self.found is None:
            return
        spot = QPointF(*view.to_screen(*self.found.place))
        box = QRectF(spot.x() - 7, spot.y() - 7, 14, 14)
        painter.setPen(QPen(colour, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.found.kind is SnapKind.VERTEX:
            painter.drawRect(box)
        elif self.found.kind is SnapKind.CROSSING:
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.topRight(), box.bottomLeft())
        elif self.found.kind is SnapKind.MIDDLE:
            painter.drawPolygon([box.bottomLeft(), box.bottomRight(), QPointF(spot.x(), box.top())])
        else:
            painter.drawEllipse(box)


class DrawTool(CornersTool):
    """Draws a point, line or area.

    While it draws: T traces along an edge to the next vertex snapped to, P makes the next side square to the last
    (or to the edge snapped to), O parallel, numbers and Enter place a corner, N switches snapping.
    """

    keys = frozenset({Qt.Key.Key_P, Qt.Key.Key_O, Qt.Key.Key_T, Qt.Key.Key_N})

    def __init__(self, scene: Scene, *, least: int, closed: bool, what: str) -> None:
        super().__init__("", least=least, closed=closed)
        self.snapper = Snapper(scene)
        self._what, self._least_corners = what, least
        self._typed = ""
        self._rule: bool | None = None  # True: square, False: parallel
        self._traces = False
        self._pointer: World | None = None

    def start(self, view: Viewport) -> None:
        """Tell what to do."""
        self.snapper.metres = view.metres
        self._tell()

    def view_changed(self, view: Viewport) -> None:
        """Keep the reach of snapping in pixels."""
        self.snapper.metres = view.metres

    def hover(self, place: World) -> None:
        """Stretch the last side to where a click would count."""
        self._pointer = place
        super().hover(self._counted(place))

    def _counted(self, place: World) -> World:
        at = self.snapper.place(place)
        if self._rule is None or not self.corners:
            return at
        last = self.corners[-1]
        if len(self.corners) > 1:
            return edits.along(last, at, (self.corners[-2], last), square=self._rule)
        edge = self.snapper.found.edge if self.snapper.found else None
        return edits.along(last, at, edge, square=self._rule) if edge else at

    def click(self, place: World, modifiers: Qt.KeyboardModifier) -> None:
        """Add a corner where it counts; while tracing, the vertices on the way too."""
        at = self._counted(place)
        found = self.snapper.found
        if self._traces and found is not None and self.corners:
            for corner in self.snapper.ring(found, self.corners[-1]):
                super().add(corner)
        self.add(at)

    def add(self, place: World) -> None:
        """Add a corner; one is enough for a point."""
        self._rule = None
        super().add(place)
        if self._least_corners == 1:
            self.finish()

    def key(self, event: QKeyEvent) -> bool:
        """Take numbers and the keys of drawing."""
        if event.text() and event.text() in _TYPED and self.corners:
            self._typed += event.text()
        elif self._typed and event.key() == Qt.Key.Key_Backspace:
            self._typed = self._typed[:-1]
        elif self._typed and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._take_typed()
        elif self._typed and event.key() == Qt.Key.Key_Escape:
            self._typed = ""
        elif not self._switch(event.key()):
            return super().key(event)
        self._tell()
        return True

    def _switch(self, key: int) -> bool:
        if key == Qt.Key.Key_P:
            self._rule = None if self._rule is True else True
        elif key == Qt.Key.Key_O:
            self._rule = None if self._rule is False else False
        elif key == Qt.Key.Key_T:
            self._traces = not self._traces
        elif key == Qt.Key.Key_N:
            self.snapper.is_on = not self.snapper.is_on
        else:
            return False
        return True

    def _take_typed(self) -> None:
        last = self.corners[-1]
        heading = measures.bearing(last, self._now) if self._now is not None and self._now != last else 0.0
        place = edits.typed(self._typed, last, heading)
        if place is not None:
            self._typed = ""
            self.add(place)

    def stop(self) -> None:
        """Drop what is unfinished."""
        super().stop()
        self._typed, self._rule = "", None

    def _tell(self) -> None:
        if self._typed:
            text = _(
                "{typed}   Enter: place it. 12.5: on in this direction, 12.5<90: at a bearing, 3,4: by east and north."
            )
            self.hinted.emit(text.format(typed=self._typed))
        elif not self.corners:
            self.hinted.emit(
                _("{what}: click the first place; Space clicks at the cross. N: snapping. Esc: leave.").format(
                    what=self._what
                )
            )
        else:
            modes = [
                word
                for word, is_on in (
                    (_("square"), self._rule is True), (_("parallel"), self._rule is False),
                    (_("tracing"), self._traces), (_("no snapping"), not self.snapper.is_on),
                )
                if is_on
            ]  # fmt: skip
            text = _(
                "Enter: done. Backspace: one back. Numbers: distance. P: square, O: parallel, T: trace, N: snapping."
            )
            self.hinted.emit("  ".join([f"{self._what} {self._size()}", *modes, text]))
        self.changed.emit()

    def _size(self) -> str:
        """Return length or area for people, on the grid."""
        places = self._places()
        return f"{measures.grid_area(places):.1f} ㎡" if self.closed else f"{measures.grid_length(places):.2f} m"

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Paint what is drawn, and what is snapped to."""
        super().paint(painter, view, colour)
        self.snapper.paint(painter, view, colour)
