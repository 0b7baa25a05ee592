"""Tools that look and choose: zoom box, identify, select, measure."""

import itertools

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPainter, QPen, QPolygonF

from fieldsurvey.geo import measures
from fieldsurvey.i18n import _
from layers.viewport import Box, Viewport
from ui import shown
from ui.map.tool import Tool, World, draw_corners, on_screen

_SMALL = 4.0  # px: a box this small is a click
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class BoxTool(Tool):
    """Draws a box: by a drag, or by two clicks.

    Signals:
        boxed: (box, modifiers) minx, miny, maxx, maxy in m.
        clicked: (place, modifiers) where no box was begun.
    """

    takes_drags = True
    boxed = Signal(object, object)
    clicked = Signal(object, object)

    def __init__(self, hint: str, *, two_clicks: bool = True, once: bool = False) -> None:
        super().__init__()
        self._hint, self._two_clicks, self._once = hint, two_clicks, once
        self._begin: World | None = None
        self._now: World | None = None

    def start(self, view: Viewport) -> None:
        """Tell what to do."""
        self.hinted.emit(self._hint)

    def stop(self) -> None:
        """Drop a box that was begun."""
        self._begin = self._now = None

    def click(self, place: World, modifiers: Qt.KeyboardModifier) -> None:
        """Begin or end a box, or pass the click on."""
        if not self._two_clicks:
            self.clicked.emit(place, modifiers)
        elif self._begin is None:
            self._begin = self._now = place
        else:
            self._end(self._begin, place, modifiers)
        self.changed.emit()

    def hover(self, place: World) -> None:
        """Stretch the box."""
        if self._begin is not None:
            self._now = place
            self.changed.emit()

    def drag(self, begin: World, now: World, *, done: bool) -> None:
        """Stretch the box, or end it."""
        self._begin, self._now = begin, now
        if done:
            self._end(begin, now, Qt.KeyboardModifier.NoModifier)
        self.changed.emit()

    def _end(self, begin: World, end: World, modifiers: Qt.KeyboardModifier) -> None:
        self._begin = self._now = None
        low = (min(begin[0], end[0]), min(begin[1], end[1]))
        high = (max(begin[0], end[0]), max(begin[1], end[1]))
        box: Box = (*low, *high)
        self.boxed.emit(box, modifiers)
        if self._once:
            self.finished.emit()

    def key(self, event: QKeyEvent) -> bool:
        """Esc drops a box that was begun."""
        if event.key() == Qt.Key.Key_Escape and self._begin is not None:
            self.stop()
            self.changed.emit()
            return True
        return False

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Paint the box."""
        if self._begin is None or self._now is None:
            return
        one, other = on_screen(view, [self._begin, self._now])
        painter.setPen(QPen(colour, 2, Qt.PenStyle.DashLine))
        shade = QColor(colour)
        shade.setAlpha(40)
        painter.setBrush(shade)
        painter.drawRect(QRectF(one, other).normalized())
        painter.setBrush(Qt.BrushStyle.NoBrush)


class CornersTool(Tool):
    """Takes corners one after another: clicks, or the space bar on the cross; Enter ends, Backspace takes one back.

    Signals:
        drawn: (places) the corners, in m; closed areas are not repeated at the end.
    """

    drawn = Signal(object)

    def __init__(self, hint: str, *, least: int = 2, closed: bool = False) -> None:
        super().__init__()
        self._hint, self._least, self.closed = hint, least, closed
        self.corners: list[World] = []
        self._now: World | None = None

    def start(self, view: Viewport) -> None:
        """Tell what to do."""
        self.hinted.emit(self._hint)

    def stop(self) -> None:
        """Drop the corners."""
        self.corners, self._now = [], None

    def click(self, place: World, modifiers: Qt.KeyboardModifier) -> None:
        """Add a corner."""
        self.add(place)

    def add(self, place: World) -> None:
        """Add a corner; one on the last is left out."""
        if not self.corners or self.corners[-1] != place:
            self.corners.append(place)
        self._tell()

    def double_click(self, place: World) -> None:
        """End."""
        self.finish()

    def hover(self, place: World) -> None:
        """Stretch the last side."""
        self._now = place
        self._tell()

    def key(self, event: QKeyEvent) -> bool:
        """Enter ends, Backspace takes one corner back, Esc all."""
        if event.key() in _ENTER:
            self.finish()
        elif event.key() == Qt.Key.Key_Backspace and self.corners:
            self.corners.pop()
            self._tell()
        elif event.key() == Qt.Key.Key_Escape and self.corners:
            self.stop()
            self._tell()
        else:
            return False
        return True

    def finish(self) -> None:
        """Hand the corners over if there are enough."""
        if len(self.corners) >= self._least:
            self.drawn.emit(list(self.corners))
            self.ended()

    def ended(self) -> None:
        """Begin anew after the corners were handed over."""
        self.stop()
        self._tell()

    def _tell(self) -> None:
        self.changed.emit()

    def _places(self) -> list[World]:
        return [*self.corners, self._now] if self.corners and self._now is not None else list(self.corners)

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Paint what is drawn so far."""
        spots = on_screen(view, self._places())
        painter.setPen(QPen(colour, 2.5))
        if self.closed and len(spots) > 2:
            shade = QColor(colour)
            shade.setAlpha(40)
            painter.setBrush(shade)
            painter.drawPolygon(QPolygonF(spots))
        else:
            painter.drawPolyline(QPolygonF(spots))
        draw_corners(painter, spots[: len(self.corners)], colour)


class MeasureTool(CornersTool):
    """Measures lengths or areas; the figures stand in the hint, on the ellipsoid and on the grid."""

    def __init__(self, crs: str, *, area: bool) -> None:
        super().__init__("", least=3 if area else 2, closed=area)
        self._crs = crs
        self._is_done = False

    def start(self, view: Viewport) -> None:
        """Tell what to do."""
        self._tell()

    def add(self, place: World) -> None:
        """Add a corner; the first after the end begins a new figure."""
        if self._is_done:
            self._is_done = False
            self.corners = []
        super().add(place)

    def hover(self, place: World) -> None:
        """Stretch the last side until the figure is done."""
        if not self._is_done:
            super().hover(place)

    def ended(self) -> None:
        """Leave the figure on the map until the next one begins."""
        self._is_done, self._now = True, None
        self._tell()

    def figures(self) -> tuple[float, float]:
        """Return the length (m) or area (㎡) on the ellipsoid and on the grid."""
        places = self._places()
        if self.closed:
            return measures.ellipsoidal_area(places, self._crs), measures.grid_area(places)
        return measures.ellipsoidal_length(places, self._crs), measures.grid_length(places)

    def _tell(self) -> None:
        if len(self._places()) < 2:
            self.hinted.emit(
                _("Click the corners; Space clicks at the cross. Enter: done. Backspace: one back. Esc: leave.")
            )
        else:
            real, grid = self.figures()
            names = (_("Area"), "㎡") if self.closed else (_("Length"), "m")
            text = _("{what}: {real} {unit} on the ellipsoid, {grid} {unit} on the grid")
            self.hinted.emit(text.format(what=names[0], real=_number(real), unit=names[1], grid=_number(grid)))
        self.changed.emit()

    def paint(self, painter: QPainter, view: Viewport, colour: QColor) -> None:
        """Paint the figure and the length of each side."""
        super().paint(painter, view, colour)
        places = self._places()
        ring = [*places, places[0]] if self.closed and len(places) > 2 else places
        font = QFont(painter.font())
        font.setPixelSize(13)
        painter.setFont(font)
        for one, other in itertools.pairwise(ring):
            begin, end = on_screen(view, [one, other])
            text = f"{measures.grid_length([one, other]):.2f} m"
            size = QFontMetricsF(font).size(0, text)
            if (end - begin).manhattanLength() > size.width():
                x, y = (begin.x() + end.x()) / 2, (begin.y() + end.y()) / 2
                box = QRectF(x - size.width() / 2 - 3, y - size.height() / 2, size.width() + 6, size.height())
                painter.fillRect(box, QColor("#FFFFFF"))
                painter.setPen(QColor("#000000"))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _number(value: float) -> str:
    return shown.fixed(value, 2)
