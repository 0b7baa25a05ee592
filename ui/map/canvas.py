"""The map: shows the newest finished frame, moved and scaled at once while a new one is drawn."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import shapely
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from fieldsurvey.i18n import _
from layers.columns import Columns
from layers.sidecar import Sidecar
from layers.style import CONDITIONS, HIDDEN_AT_FIRST, STATES, THEMES
from layers.viewport import Viewport, bar_length, fitted
from ui.map.painter import Look
from ui.map.paths import paths
from ui.map.render import Frame, Renderer, Request

_SETTLE_MS = 60  # wait for the end of a gesture before drawing anew
_DRAG_PX = 4
_ZOOM_STEP = 1.25
_PAN_STEP = 80
_MARGIN = 0.25  # of the window, drawn around the view so that panning shows no bare ground


class MapCanvas(QWidget):
    """The map widget.

    Signals:
        community_picked: (uid) clicked or chosen by keyboard.
        community_opened: (uid) double clicked, or Enter.
        pointer_moved: (east, north) m in the project CRS.
        scale_changed: (denominator) on a 96 dpi screen.
        first_drawn: () the first frame of a project is on the screen.
    """

    community_picked = Signal(str)
    community_opened = Signal(str)
    pointer_moved = Signal(float, float)
    scale_changed = Signal(float)
    first_drawn = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("map")
        self.setAccessibleName(_("Map"))
        self.setMinimumSize(240, 200)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._sidecar: Sidecar | None = None
        self._view = Viewport(0, 0, 1, 1, 1)
        self._look = Look(hidden=HIDDEN_AT_FIRST)
        self._frame: Frame | None = None
        self._selected = ""
        self._states: Mapping[str, str] = {}
        self._conditions: Mapping[str, str] = {}
        self._tips: Mapping[str, str] = {}
        self._by = "state"
        self._pressed: QPointF | None = None
        self._dragged_from: Viewport | None = None
        self._announced = False
        self._has_view = False  # an empty project has no extent yet
        self._renderer = Renderer()
        self._renderer.drawn.connect(self._show_frame, Qt.ConnectionType.QueuedConnection)
        self._settled = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settled.setObjectName("map_settled")
        self._settled.timeout.connect(self._request)

    def close_renderer(self) -> None:
        """Stop the render thread; call before the widget goes."""
        self._settled.stop()
        self._renderer.close()

    # --- what is shown -------------------------------------------------------------------------------------------

    @property
    def view(self) -> Viewport:
        """The view wanted now."""
        return self._view

    def is_settled(self) -> bool:
        """Say whether the frame on the screen is that of the wanted view."""
        return self._frame is not None and _core(self._frame.view, self._view) and not self._settled.isActive()

    @Slot(object)
    def show_project(self, sidecar: Sidecar) -> None:
        """Show a project; the view stays if one is shown already."""
        self._sidecar = sidecar
        if not self._has_view:
            self.zoom_all()
        self._request()

    def clear_project(self) -> None:
        """Show nothing."""
        self._sidecar, self._frame, self._selected, self._announced = None, None, "", False
        self._has_view = False
        self.update()

    def set_states(self, states: Mapping[str, str]) -> None:
        """Set community uid -> survey state."""
        self._states = states
        self._recolour()

    def set_conditions(self, conditions: Mapping[str, str]) -> None:
        """Set community uid -> overall condition."""
        self._conditions = conditions
        self._recolour()

    def set_tips(self, tips: Mapping[str, str]) -> None:
        """Set community uid -> text shown while the pointer rests on it."""
        self._tips = tips

    @Slot(str)
    def colour_by(self, what: str) -> None:
        """Colour communities by "state" or "condition"."""
        self._by = what
        self._recolour()

    def _recolour(self) -> None:
        if self._by == "state":
            fills = {uid: STATES[state][0] for uid, state in self._states.items()}
            marks = {uid: STATES[state][1] for uid, state in self._states.items()}
        else:
            fills = {uid: CONDITIONS[code][0] for uid, code in self._conditions.items() if code}
            marks = {}
        self._look = replace(self._look, fills=fills, marks=marks)
        self._request()

    @Slot(str, bool)
    def set_layer_visible(self, table: str, visible: bool) -> None:
        """Switch a layer on or off."""
        hidden = self._look.hidden - {table} if visible else self._look.hidden | {table}
        self._look = replace(self._look, hidden=hidden)
        self._request()

    def hidden_layers(self) -> frozenset[str]:
        """Return the tables that are switched off."""
        return self._look.hidden

    @Slot(str)
    def set_theme(self, name: str) -> None:
        """Use the colours of light, dark or sun."""
        self._look = replace(self._look, theme=THEMES[name])
        self._request()

    # --- moving --------------------------------------------------------------------------------------------------

    @Slot()
    def zoom_all(self) -> None:
        """Show all communities."""
        extent = self._sidecar.extent() if self._sidecar else None
        if extent is not None:
            self._has_view = self.width() > 1
            self._move(fitted(extent, self.width(), self.height()))

    @Slot(str)
    def zoom_to(self, uid: str) -> None:
        """Show one community and select it."""
        layer, number = self._find(uid)
        if layer is not None:
            box = layer.boxes[number] / 1e3
            east, north = layer.origin
            area = (float(box[0]) + east, float(box[1]) + north, float(box[2]) + east, float(box[3]) + north)
            self._move(fitted(area, self.width(), self.height(), 1.3))
            self.select(uid)

    @Slot(str)
    def select(self, uid: str) -> None:
        """Outline one community."""
        self._selected = uid
        self.update()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge by a factor around a point of the window."""
        spot = at or QPointF(self.width() / 2, self.height() / 2)
        self._move(self._view.zoomed(factor, spot.x(), spot.y()))

    def show_view(self, view: Viewport) -> None:
        """Show the centre and scale of a view."""
        self._move(view.resized(self.width(), self.height()))

    def _move(self, view: Viewport) -> None:
        before, self._view = self._view, view
        if before.scale != view.scale:
            self.scale_changed.emit(view.scale)
        self.update()
        self._settled.start()

    def _request(self) -> None:
        if self._sidecar is None or self.width() < 2:
            return
        wide = self._view.resized(int(self.width() * (1 + 2 * _MARGIN)), int(self.height() * (1 + 2 * _MARGIN)))
        self._renderer.request(Request(self._sidecar, wide, replace(self._look, font=self.font().family())))

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        if self._sidecar is None:
            return
        self._frame = frame
        self.update()
        if not self._announced:
            self._announced = True
            self.first_drawn.emit()

    # --- events --------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep centre and scale."""
        first = self._view.width <= 1
        self._view = self._view.resized(self.width(), self.height())
        if first:
            self.zoom_all()
        self._settled.start()
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        notches = event.angleDelta().y() / 120
        if notches:
            self.zoom(_ZOOM_STEP**notches, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            self._pressed, self._dragged_from = event.position(), self._view

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or tell what is under the pointer."""
        self.pointer_moved.emit(*self._view.to_world(event.position().x(), event.position().y()))
        if self._pressed is None or self._dragged_from is None:
            return
        moved = event.position() - self._pressed
        if moved.manhattanLength() >= _DRAG_PX:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._move(self._dragged_from.panned(moved.x(), moved.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or pick what was clicked."""
        start, self._pressed, self._dragged_from = self._pressed, None, None
        self.unsetCursor()
        if start is not None and (event.position() - start).manhattanLength() < _DRAG_PX:
            self._pick(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open what was double clicked."""
        uid = self.community_at(event.position())
        if uid:
            self.select(uid)
            self.community_opened.emit(uid)

    def _pick(self, spot: QPointF) -> None:
        uid = self.community_at(spot)
        self.select(uid)
        if uid:
            self.community_picked.emit(uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with + and -, move with arrows, Home shows all, Enter opens the selected community."""
        moves = {
            Qt.Key.Key_Left: (_PAN_STEP, 0), Qt.Key.Key_Right: (-_PAN_STEP, 0),
            Qt.Key.Key_Up: (0, _PAN_STEP), Qt.Key.Key_Down: (0, -_PAN_STEP),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in moves:
            self._move(self._view.panned(*moves[key]))
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.zoom(_ZOOM_STEP)
        elif key is Qt.Key.Key_Minus:
            self.zoom(1 / _ZOOM_STEP)
        elif key is Qt.Key.Key_Home:
            self.zoom_all()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._selected:
            self.community_opened.emit(self._selected)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Show the tip of the community under the pointer."""
        if event.type() is QEvent.Type.ToolTip:
            spot: QPoint = event.pos()  # type: ignore[attr-defined]
            text = self._tips.get(self.community_at(QPointF(spot)), "")
            QToolTip.showText(self.mapToGlobal(spot), text, self)
            return True
        return super().event(event)

    # --- looking up ----------------------------------------------------------------------------------------------

    def community_at(self, spot: QPointF) -> str:
        """Return the uid of the community at a point of the window, the smallest if several; empty if none."""
        layer = self._sidecar.layers.get("community") if self._sidecar else None
        if layer is None:
            return ""
        east, north = self._view.to_world(spot.x(), spot.y())
        near = layer.visible((east, north, east, north))
        point = shapely.Point((east - layer.origin[0]) * 1e3, (north - layer.origin[1]) * 1e3)
        hits = [number for number in near.tolist() if shapely.contains(_area(layer, number), point)]
        hits.sort(key=lambda number: shapely.area(_area(layer, number)))
        return str(layer.uids[hits[0]].decode()) if hits else ""

    def _find(self, uid: str) -> tuple[Columns | None, int]:
        layer = self._sidecar.layers.get("community") if self._sidecar else None
        if layer is None:
            return None, -1
        hits = np.flatnonzero(layer.uids == uid.encode())
        return (layer, int(hits[0])) if len(hits) else (None, -1)

    # --- painting ------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the newest frame where it belongs now, and what floats above it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._look.theme.ground))
        if self._frame is None:
            self._paint_empty(painter)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        painter.drawImage(self._place(self._frame.view), self._frame.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_selection(painter)
        self._paint_bar(painter)
        self._paint_north(painter)

    def _place(self, view: Viewport) -> QRectF:
        """Return where in the window a frame of another view belongs."""
        left, bottom, right, top = view.box()
        x0, y0 = self._view.to_screen(left, top)
        x1, y1 = self._view.to_screen(right, bottom)
        return QRectF(x0, y0, x1 - x0, y1 - y0)

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(QColor(self._look.theme.text))
        text = _("The map appears here as soon as communities are imported.")
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)

    def _paint_selection(self, painter: QPainter) -> None:
        layer, number = self._find(self._selected) if self._selected else (None, -1)
        if layer is None:
            return
        mm, counts, owners = layer.vertices(np.array([number]), coarse=False)
        pen = QPen(QColor(self._look.theme.selection), 3)
        for path in paths(self._view.screen_of(mm, layer.origin), counts, owners, 1):
            painter.strokePath(path, pen)

    def _paint_bar(self, painter: QPainter) -> None:
        length, pixels = bar_length(self._view.metres)
        text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
        left, base = 16, self.height() - 18
        painter.setPen(QPen(QColor(self._look.theme.halo), 5))
        painter.drawLine(left, base, left + pixels, base)
        painter.setPen(QPen(QColor(self._look.theme.text), 2))
        painter.drawPolyline(
            [QPoint(left, base - 5), QPoint(left, base), QPoint(left + pixels, base), QPoint(left + pixels, base - 5)]
        )
        painter.setFont(_small(self.font()))
        painter.drawText(left + pixels + 8, base + 4, f"{text}   1:{round(self._view.scale):,}".replace(",", " "))

    def _paint_north(self, painter: QPainter) -> None:
        x, y = self.width() - 30, 16
        painter.setPen(QPen(QColor(self._look.theme.text), 1))
        painter.setBrush(QColor(self._look.theme.text))
        painter.drawPolygon([QPoint(x, y), QPoint(x - 7, y + 22), QPoint(x, y + 17)])
        painter.setBrush(QColor(self._look.theme.halo))
        painter.drawPolygon([QPoint(x, y), QPoint(x + 7, y + 22), QPoint(x, y + 17)])
        painter.setFont(_small(self.font()))
        painter.drawText(QRectF(x - 12, y + 22, 24, 18), Qt.AlignmentFlag.AlignCenter, _("N"))


def _area(layer: Columns, number: int) -> shapely.Geometry:
    """Return one area in the layer's millimetres, holes left out by even-odd rule."""
    mm, counts, _owners = layer.vertices(np.array([number]), coarse=False)
    rings = np.split(mm, np.cumsum(counts)[:-1])
    area = shapely.Polygon()
    for ring in rings:
        if len(ring) >= 4:
            area = shapely.symmetric_difference(area, shapely.make_valid(shapely.Polygon(ring)))
    return area


def _core(wide: Viewport, view: Viewport) -> bool:
    return (wide.east, wide.north, wide.metres) == (view.east, view.north, view.metres)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(13)
    return small
