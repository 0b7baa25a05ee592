"""Picking a place on the map for a question: a point, or the corners of a line or area."""

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from fieldsurvey.i18n import _
from ui.map.canvas import MapCanvas

_DRAG_PX = 4
World = tuple[float, float]  # east, north in m in the CRS of the project


class MapPicker(QWidget):
    """Lies over the map, lets the pointer through, and takes clicks as corners while it is active.

    Signals:
        picked: (list of (east, north)) the place is complete.
        cancelled: () Esc was pressed.
    """

    picked = Signal(object)
    cancelled = Signal()

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._kind = ""
        self._corners: list[World] = []
        self._pressed: QPointF | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        canvas.installEventFilter(self)

    def start(self, kind: str) -> None:
        """Begin to pick a "point", "line" or "area"."""
        self._kind, self._corners = kind, []
        self.setGeometry(self._canvas.rect())
        self.show()
        self._canvas.setFocus()

    def stop(self) -> None:
        """Pick no more."""
        self._kind = ""
        self.hide()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take clicks and keys of the map; drags and the wheel still move it."""
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
        if not self._kind:
            return False
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._key(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        self.update()
        if event.type() is QEvent.Type.MouseButtonPress:
            self._pressed = event.position()
        start = self._pressed if event.type() is QEvent.Type.MouseButtonRelease else None
        if start is not None and (event.position() - start).manhattanLength() < _DRAG_PX:
            self._add(event.position())
            self._end_drag(event)
            return True
        return event.type() is QEvent.Type.MouseButtonDblClick

    def _end_drag(self, event: QMouseEvent) -> None:
        """Let the map end its gesture without taking it for a click on a community."""
        away = event.position() + QPointF(10 * _DRAG_PX, 0)
        self._canvas.mouseReleaseEvent(
            QMouseEvent(event.type(), away, event.globalPosition(), event.button(), event.buttons(), event.modifiers())
        )

    def _add(self, spot: QPointF) -> None:
        self._corners.append(self._canvas.view.to_world(spot.x(), spot.y()))
        if self._kind == "point":
            self._finish()

    def _finish(self) -> None:
        least = {"point": 1, "line": 2, "area": 3}[self._kind]
        if len(self._corners) >= least:
            self.stop()
            self.picked.emit(self._corners)

    def _key(self, event: QKeyEvent) -> bool:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._finish()
        elif event.key() == Qt.Key.Key_Backspace:
            self._corners = self._corners[:-1]
        elif event.key() == Qt.Key.Key_Escape:
            self.stop()
            self.cancelled.emit()
        else:
            return False
        self.update()
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the corners, what they make, and what to do."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().highlight().color(), 3))
        spots = QPolygonF([QPointF(*self._canvas.view.to_screen(*corner)) for corner in self._corners])
        if self._kind == "area":
            painter.drawPolygon(spots)
        else:
            painter.drawPolyline(spots)
        for spot in spots.toList():
            painter.drawEllipse(spot, 5, 5)
        words = _("Click the place. Esc: back.")
        if self._kind != "point":
            words = _("Click the corners. Enter: done. Backspace: one back. Esc: leave.")
        strip = QRect(0, 0, self.width(), 34)
        painter.fillRect(strip, self.palette().base())
        painter.setPen(self.palette().text().color())
        painter.drawText(strip, Qt.AlignmentFlag.AlignCenter, words)
