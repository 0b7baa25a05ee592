"""The map: shows the newest finished frame, moved and scaled at once while a new one is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from fieldsurvey.i18n import _
from layers.columns import Columns
from layers.history import ViewHistory
from layers.picking import Hit, identify
from layers.sidecar import Sidecar
from layers.style import THEMES
from layers.symbology import LayerStyle, is_baked
from layers.viewport import Box, Viewport, fitted
from ui.map import furniture
from ui.map.counting import counted
from ui.map.painter import Look
from ui.map.render import Frame, Renderer, Request
from ui.map.tool import Tool, World

_SETTLE_MS = 60  # wait for the end of a gesture before drawing anew
_DRAG_PX = 4
_ZOOM_STEP = 1.25
_PAN_STEP = 80
_MOST_OUTLINED = 500
_BESIDE = 1.3  # how much of the ground around a feature is shown with it
_REACH_PX = 6  # how far from a line or point a click may be
Overlay = Callable[[QPainter, Viewport], None]


class MapCanvas(QWidget):
    """The map widget.

    Signals:
        community_picked: (uid) clicked or chosen by keyboard.
        community_opened: (uid) double clicked, or Enter.
        pointer_moved: (east, north) m in the project CRS; of the cross, where a tool is led by the keys.
        scale_changed: (denominator) on a 96 dpi screen.
        first_drawn: () the first frame of a project is on the screen.
        settled: (box, denominator) the view rests.
        look_changed: () styles or what is in view changed.
        tool_changed: (Tool | None) another tool is used.
        selection_changed: () other features are outlined.
    """

    community_picked = Signal(str)
    community_opened = Signal(str)
    pointer_moved = Signal(float, float)
    scale_changed = Signal(float)
    first_drawn = Signal()
    settled = Signal(object, float)
    look_changed = Signal()
    tool_changed = Signal(object)
    selection_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("map")
        self.setAccessibleName(_("Map"))
        self.setMinimumSize(240, 130)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._sidecar: Sidecar | None = None
        self._view = Viewport(0, 0, 1, 1, 1)
        self._look = Look()
        self._frame: Frame | None = None
        self._selected: frozenset[tuple[str, str]] = frozenset()
        self._outlined: list[tuple[Columns, int]] = []
        self._states: Mapping[str, str] = {}
        self._conditions: Mapping[str, str] = {}
        self._tip_of: Callable[[str], str] = lambda _uid: ""
        self._pressed: QPointF | None = None
        self._dragged_from: Viewport | None = None
        self._is_drawing = False
        self._tool: Tool | None = None
        self._hint = ""
        self._by_key = False  # the cross is shown while the keyboard is used
        self._overlays: list[Overlay] = []
        self._announced = False
        self._has_view = False  # an empty project has no extent yet
        self.history = ViewHistory()
        self._renderer = Renderer()
        self._renderer.drawn.connect(self._show_frame, Qt.ConnectionType.QueuedConnection)
        self._settled = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settled.setObjectName("map_settled")
        self._settled.timeout.connect(self._rest)

    def close_renderer(self) -> None:
        """Stop the render thread; call before the widget goes."""
        self._settled.stop()
        self._renderer.close()

    # --- what is shown -------------------------------------------------------------------------------------------

    @property
    def view(self) -> Viewport:
        """The view wanted now."""
        return self._view

    @property
    def look(self) -> Look:
        """What decides the picture besides the view."""
        return self._look

    @property
    def sidecar(self) -> Sidecar | None:
        """The layers on the map; None without a project."""
        return self._sidecar

    @property
    def seen(self) -> Mapping[str, set[int]]:
        """Table -> classes that the newest frame shows."""
        return self._frame.seen if self._frame else {}

    def is_settled(self) -> bool:
        """Say whether the frame on the screen is that of the wanted view."""
        return self._frame is not None and self._frame.covers(self._view) and not self._settled.isActive()

    @Slot(object)
    def show_project(self, sidecar: Sidecar) -> None:
        """Show a project; the view stays if one is shown already."""
        self._sidecar = sidecar
        self.select_features(self._selected)
        if not self._has_view:
            self.zoom_all()
        self._request()

    def clear_project(self) -> None:
        """Show nothing."""
        self._sidecar, self._frame, self._selected, self._announced = None, None, frozenset(), False
        self._has_view = False
        self.history = ViewHistory()
        self.use_tool(None)
        self.update()

    def set_states(self, states: Mapping[str, str]) -> None:
        """Set community uid -> survey state."""
        if states is not self._states and states != self._states:
            self._states = states
            self._count_communities()

    def set_conditions(self, conditions: Mapping[str, str]) -> None:
        """Set community uid -> overall condition."""
        if conditions is not self._conditions and conditions != self._conditions:
            self._conditions = conditions
            self._count_communities()

    def set_tips(self, tip_of: Callable[[str], str]) -> None:
        """Say what is told of a community under the pointer, given its uid; asked when it is there."""
        self._tip_of = tip_of

    def set_look(self, look: Look) -> None:
        """Draw with other styles."""
        self._look = look
        self._count_communities()

    def _count_communities(self) -> None:
        """Bring the classes of communities up to date where they are counted and not stored."""
        self._look = counted(self._look, self._states, self._conditions)
        self.look_changed.emit()
        self._request()

    def set_style(self, style: LayerStyle) -> None:
        """Draw one layer in another way; values that decide its class come with set_look."""
        self.set_look(replace(self._look, styles={**self._look.styles, style.table: style}))

    @Slot(str, bool)
    def set_layer_visible(self, table: str, visible: bool) -> None:
        """Switch a layer on or off."""
        self.set_style(replace(self._look.styles[table], visible=visible))

    @Slot(str)
    def set_theme(self, name: str) -> None:
        """Use the colours of light, dark or sun."""
        self._look = replace(self._look, theme=THEMES[name])
        self.look_changed.emit()
        self._request()

    def add_overlay(self, overlay: Overlay) -> None:
        """Paint something over every frame, in pixels of the window."""
        self._overlays.append(overlay)

    # --- moving --------------------------------------------------------------------------------------------------

    @Slot()
    def zoom_all(self) -> None:
        """Show all communities."""
        extent = self._sidecar.extent() if self._sidecar else None
        if extent is not None:
            self._has_view = self.width() > 1
            self.show_box(extent, 1.05)

    @Slot(str)
    def zoom_to(self, uid: str) -> None:
        """Show one community and select it."""
        if self.zoom_to_feature("community", uid):
            self.select(uid)

    def zoom_to_feature(self, table: str, uid: str) -> bool:
        """Show one feature; say whether it is on the map."""
        box = self._sidecar.box_of(table, uid) if self._sidecar else None
        if box is not None:
            self.show_box(box, _BESIDE)
        return box is not None

    def reveal(self, uid: str) -> None:
        """Select a community, and move the map no farther than it needs to show the whole of it."""
        self.select(uid)
        if self._sidecar is not None and (box := self._sidecar.box_of("community", uid)) is not None:
            self._move(self._view.revealing(box, _BESIDE))

    def show_box(self, box: Box, border: float = 1.0) -> None:
        """Show a box of the project's system."""
        west, south, east, north = (float(value) for value in box)  # NumPy's would reach Qt in the render thread
        self._move(fitted((west, south, east, north), self.width(), self.height(), border))

    def show_view(self, view: Viewport) -> None:
        """Show the centre and scale of a view."""
        self._move(view.resized(self.width(), self.height()))

    @Slot()
    def go_back(self) -> None:
        """Show the view before."""
        if (view := self.history.back()) is not None:
            self.show_view(view)

    @Slot()
    def go_forward(self) -> None:
        """Show the view after the one that was gone back to."""
        if (view := self.history.forward()) is not None:
            self.show_view(view)

    @Slot(str)
    def select(self, uid: str) -> None:
        """Outline one community; an empty uid outlines nothing."""
        self.select_features(frozenset({("community", uid)} if uid else ()))

    def select_features(self, chosen: frozenset[tuple[str, str]]) -> None:
        """Outline features, given as table and uid; of very many, the first."""
        self._selected = chosen
        found = [self._sidecar.find(*one) for one in sorted(chosen)[:_MOST_OUTLINED]] if self._sidecar else []
        self._outlined = [one for one in found if one is not None]
        self.update()
        self.selection_changed.emit()

    @property
    def selected(self) -> frozenset[tuple[str, str]]:
        """Table and uid of what is outlined."""
        return self._selected

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge by a factor around a point of the window."""
        spot = at or QPointF(self.width() / 2, self.height() / 2)
        self._move(self._view.zoomed(factor, spot.x(), spot.y()))

    def _move(self, view: Viewport) -> None:
        before, self._view = self._view, view
        if before.scale != view.scale:
            self.scale_changed.emit(view.scale)
        if self._tool is not None:
            self._tool.view_changed(view)
        self.update()
        self._settled.start()

    @Slot()
    def _rest(self) -> None:
        if self._has_view:
            self.history.note(self._view)
            self.settled.emit(self._view.box(), self._view.scale)
        self._request()

    @Slot()
    def redraw(self) -> None:
        """Draw the view anew: something that it shows has changed."""
        self._settled.start()

    def _request(self) -> None:
        if self._sidecar is not None and self.width() >= 2:
            look = replace(self._look, font=self.font().family())
            self._renderer.request(Request(self._sidecar, self._view, look))

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        if self._sidecar is None:
            return
        before, self._frame = self.seen, frame
        self.update()
        if frame.seen != before:
            self.look_changed.emit()
        if not self._announced:
            self._announced = True
            self.first_drawn.emit()

    # --- tools ---------------------------------------------------------------------------------------------------

    @property
    def tool(self) -> Tool | None:
        """The tool in use; None while browsing."""
        return self._tool

    def use_tool(self, tool: Tool | None) -> None:
        """Use a tool until it is finished; None browses."""
        if self._tool is not None:
            self._tool.hinted.disconnect(self._show_hint)
            self._tool.changed.disconnect(self.update)
            self._tool.finished.disconnect(self._tool_finished)
            self._tool.stop()
        self._tool, self._hint, self._by_key = tool, "", False
        if tool is not None:
            tool.hinted.connect(self._show_hint)
            tool.changed.connect(self.update)
            tool.finished.connect(self._tool_finished)
            tool.start(self._view)
            self.setCursor(tool.cursor)
            self.setFocus()
        else:
            self.unsetCursor()
        self.tool_changed.emit(tool)
        self.update()

    @Slot(str)
    def _show_hint(self, text: str) -> None:
        self._hint = text
        self.update()

    @Slot()
    def _tool_finished(self) -> None:
        self.use_tool(None)

    def _world(self, spot: QPointF) -> World:
        return self._view.to_world(spot.x(), spot.y())

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
        self._by_key = False
        if event.button() in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            self._pressed, self._dragged_from = event.position(), self._view
            is_left = event.button() is Qt.MouseButton.LeftButton
            self._is_drawing = is_left and self._tool is not None and self._tool.takes_drags

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or tell what is under the pointer."""
        place = self._world(event.position())
        self.pointer_moved.emit(*place)
        if self._pressed is None or self._dragged_from is None:
            if self._tool is not None:
                self._tool.hover(place)
            return
        moved = event.position() - self._pressed
        if moved.manhattanLength() < _DRAG_PX:
            return
        if self._is_drawing and self._tool is not None:
            self._tool.drag(self._world(self._pressed), place, done=False)
        else:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._move(self._dragged_from.panned(moved.x(), moved.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or click."""
        start, self._pressed, self._dragged_from = self._pressed, None, None
        self.setCursor(self._tool.cursor if self._tool is not None else Qt.CursorShape.ArrowCursor)
        if start is None:
            return
        place = self._world(event.position())
        if (event.position() - start).manhattanLength() >= _DRAG_PX:
            if self._is_drawing and self._tool is not None:
                self._tool.drag(self._world(start), place, done=True)
        elif self._tool is not None:
            self._tool.click(place, event.modifiers())
        else:
            self._pick(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open what was double clicked."""
        place = self._world(event.position())
        if self._tool is not None:
            self._tool.double_click(place)
        elif uid := self.community_at(place):
            self.select(uid)
            self.community_opened.emit(uid)

    def _pick(self, place: World) -> None:
        uid = self.community_at(place)
        self.select(uid)
        if uid:
            self.community_picked.emit(uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let the tool have the key; else move, zoom, or open the selected community."""
        if self._tool is not None:
            self._by_key = True
            if event.key() == Qt.Key.Key_Space:
                self._tool.click(self._world(QPointF(self.width() / 2, self.height() / 2)), event.modifiers())
                return
            if self._tool.key(event):
                return
            if event.key() == Qt.Key.Key_Escape:
                self.use_tool(None)
                return
        if not self._move_by_key(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def _move_by_key(self, key: Qt.Key) -> bool:
        """Zoom with + and -, move with arrows, Home shows all, Enter opens the selected community."""
        moves = {
            Qt.Key.Key_Left: (_PAN_STEP, 0), Qt.Key.Key_Right: (-_PAN_STEP, 0),
            Qt.Key.Key_Up: (0, _PAN_STEP), Qt.Key.Key_Down: (0, -_PAN_STEP),
        }  # fmt: skip
        community = next((uid for table, uid in self._selected if table == "community"), "")
        if key in moves:
            self._move(self._view.panned(*moves[key]))
            if self._tool is not None:
                self._tool.hover((self._view.east, self._view.north))
                self.pointer_moved.emit(self._view.east, self._view.north)
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.zoom(_ZOOM_STEP)
        elif key is Qt.Key.Key_Minus:
            self.zoom(1 / _ZOOM_STEP)
        elif key is Qt.Key.Key_Home:
            self.zoom_all()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and community:
            self.community_opened.emit(community)
        else:
            return False
        return True

    def event(self, event: QEvent) -> bool:
        """Show the tip of what is under the pointer; keep the keys of a tool from the shortcuts of the map."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._tool is not None:
            event.setAccepted(event.key() in self._tool.keys and not event.modifiers())
            return True
        if event.type() is QEvent.Type.ToolTip:
            spot: QPoint = event.pos()  # type: ignore[attr-defined]
            text = furniture.tip(self.hits_at(self._world(QPointF(spot))), self._tip_of)
            QToolTip.showText(self.mapToGlobal(spot), text, self)
            return True
        return super().event(event)

    # --- looking up ----------------------------------------------------------------------------------------------

    def hits_at(self, place: World, tables: tuple[str, ...] = ()) -> list[Hit]:
        """Return what lies at a place, of some tables or of all that are drawn now."""
        if self._sidecar is None:
            return []
        scale, styles = self._view.scale, self._look.styles.values()
        drawn = [style.table for style in styles if style.is_drawn_at(scale)]
        hidden = {style.table: style.hidden(scale) for style in styles if is_baked(style)}
        return identify(self._sidecar, tables or drawn, *place, _REACH_PX * self._view.metres, hidden)

    def community_at(self, place: World) -> str:
        """Return the uid of the community at a place, the smallest if several; empty if none."""
        hits = self.hits_at(place, ("community",))
        return hits[0].uid if hits else ""

    # --- painting ------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the newest frame where it belongs now, and what floats above it."""
        painter = QPainter(self)
        theme = self._look.theme
        painter.fillRect(self.rect(), QColor(theme.ground))
        if self._frame is None:
            painter.setPen(QColor(theme.text))
            text = _("The map appears here as soon as communities are imported.")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
            return
        painter.drawImage(self._frame.place_in(self._view), self._frame.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        furniture.paint_outlines(painter, self._view, QColor(theme.selection), self._outlined)
        for overlay in self._overlays:
            overlay(painter, self._view)
        if self._tool is not None:
            self._tool.paint(painter, self._view, QColor(theme.selection))
            if self._by_key:
                furniture.paint_cross(painter, self._view, theme)
        furniture.paint_bar(painter, self._view, theme, self.font())
        furniture.paint_north(painter, self._view, theme, self.font())
        if self._hint:
            furniture.paint_hint(painter, self._view, theme, self.font(), self._hint)
