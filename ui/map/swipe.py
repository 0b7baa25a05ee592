"""Two states of the project on one map: an earlier one left of a line, the newest right of it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from fieldsurvey.i18n import _
from layers.earlier import Earlier
from layers.symbology import Codes, LayerStyle
from layers.viewport import Viewport
from ui.jobs import JobRunner
from ui.map.canvas import MapCanvas
from ui.map.counting import counted
from ui.map.painter import Look
from ui.map.render import Frame, Renderer, Request

_WIDE = 36  # px: what a finger hits
_GRIP = 15.0  # px: half the height of the knob
_STEP, _FINE = 40, 4  # px per arrow key, without and with Shift
_Values = tuple[dict[str, Codes], dict[str, dict[str, str]]]


class SwipeLine(QWidget):
    """The line between the two: dragged, or moved with the arrow keys while it has the focus.

    Signals:
        moved: (share) where it is, 0 at the left edge of the map and 1 at the right.
        left: () Esc: the person has seen enough.
    """

    moved = Signal(float)
    left = Signal()

    def __init__(self, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self.setObjectName("swipe_line")
        self.setAccessibleName(_("Line between before and now: arrow keys move it"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self._canvas = canvas
        self.share = 0.5
        canvas.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the map."""
        if event.type() is QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        middle = round(self.share * self._canvas.width())
        self.setGeometry(middle - _WIDE // 2, 0, _WIDE, self._canvas.height())

    def move_to(self, x: float) -> None:
        """Put the line at a pixel of the map."""
        self.share = min(max(x / max(self._canvas.width(), 1), 0.0), 1.0)
        self._place()
        self.moved.emit(self.share)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the line."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.move_to(self.mapToParent(event.position()).x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by arrows, by little with Shift; Home and End go to the edges, Esc ends."""
        x, key = self.share * self._canvas.width(), event.key()
        step = _FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _STEP
        places = {
            Qt.Key.Key_Left: x - step, Qt.Key.Key_Right: x + step,
            Qt.Key.Key_Home: 0.0, Qt.Key.Key_End: float(self._canvas.width()),
        }  # fmt: skip
        if key in places:
            self.move_to(places[Qt.Key(key)])
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line and its knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y = self.width() / 2, self.height() / 2
        theme = self._canvas.look.theme
        for colour, width in ((theme.halo, 5), (theme.selection if self.hasFocus() else theme.text, 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        painter.setBrush(QColor(theme.halo))
        painter.drawEllipse(QPointF(x, y), _GRIP, _GRIP)
        for way in (-1, 1):
            tip = QPointF(x + way * 9, y)
            painter.drawPolyline([QPointF(x + way * 4, y - 5), tip, QPointF(x + way * 4, y + 5)])


class Swipe(QObject):
    """Draws an earlier state over the left part of a map.

    Signals:
        changed: () it begins or ends.
        failed: (Exception) the earlier values could not be read.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, canvas: MapCanvas, runner: JobRunner) -> None:
        super().__init__(canvas)
        self._canvas, self._runner = canvas, runner
        self._earlier: Earlier | None = None
        self._values: _Values = ({}, {})
        self._styles: dict[str, LayerStyle] = {}
        self._frame: Frame | None = None
        self._renderer: Renderer | None = None
        self.line: SwipeLine | None = None
        self._drop: Callable[[], None] = lambda: None
        canvas.add_overlay(self._paint)
        canvas.settled.connect(self._request)
        canvas.look_changed.connect(self._follow_look)

    @property
    def is_on(self) -> bool:
        """Whether two states are shown."""
        return self._earlier is not None

    def show(self, earlier: Earlier, drop: Callable[[], None] = lambda: None) -> None:
        """Show an earlier state left of the line; `drop` is called when it is needed no more."""
        self.stop()
        self._earlier, self._drop = earlier, drop
        self._renderer = Renderer()
        self._renderer.drawn.connect(self._show_frame, Qt.ConnectionType.QueuedConnection)
        self.line = SwipeLine(self._canvas)
        self.line.moved.connect(self._canvas.update)
        self.line.left.connect(self.stop)
        self.line.show()
        self.line.setFocus()
        self._follow_look()
        self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """Show only the newest state."""
        if self._earlier is None or self._renderer is None or self.line is None:
            return
        self._renderer.close()
        self._canvas.removeEventFilter(self.line)
        self.line.hide()
        self.line.deleteLater()
        self._earlier = self._renderer = self.line = self._frame = None
        self._styles = {}
        self._drop()
        self._canvas.setFocus()
        self._canvas.update()
        self.changed.emit()

    @Slot()
    def _follow_look(self) -> None:
        """Read the earlier values anew where other styles go by others; draw in the colours of the map."""
        earlier, styles = self._earlier, dict(self._canvas.look.styles)
        if earlier is None:
            return
        if styles == self._styles:
            self._request()
            return
        self._styles = styles
        job = self._runner.start(lambda _control: earlier.values(styles.values()))
        job.succeeded.connect(partial(self._take_values, earlier))
        job.failed.connect(self.failed)

    def _take_values(self, earlier: Earlier, found: object) -> None:
        if earlier is self._earlier:
            self._values = cast("_Values", found)
            self._request()

    def _look(self, earlier: Earlier) -> Look:
        codes, texts = self._values
        now = replace(self._canvas.look, codes=codes, texts=texts, font=self._canvas.font().family())
        return counted(now, earlier.states, earlier.conditions)

    @Slot()
    def _request(self) -> None:
        if self._earlier is not None and self._renderer is not None:
            self._renderer.request(Request(self._earlier.layers, self._canvas.view, self._look(self._earlier)))

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        if self._earlier is not None:
            self._frame = frame
            self._canvas.update()

    def is_settled(self) -> bool:
        """Say whether the earlier state is on the screen for the wanted view."""
        return self._frame is not None and self._frame.covers(self._canvas.view)

    def _paint(self, painter: QPainter, view: Viewport) -> None:
        if self._earlier is None or self.line is None:
            return
        edge = self.line.share * view.width
        painter.save()
        painter.setClipRect(QRectF(0, 0, edge, view.height))
        painter.fillRect(QRectF(0, 0, edge, view.height), QColor(self._canvas.look.theme.ground))
        if self._frame is not None:
            painter.drawImage(self._frame.place_in(view), self._frame.image)
        painter.restore()
        before = (
            self._earlier.name
            if self._frame is not None
            else _("{name}: being drawn …").format(name=self._earlier.name)
        )
        self._name(painter, before, edge - _WIDE / 2, right=True)
        self._name(painter, _("Now"), edge + _WIDE / 2, right=False)

    def _name(self, painter: QPainter, text: str, x: float, *, right: bool) -> None:
        """Paint a name on its side of the line."""
        theme = self._canvas.look.theme
        font = QFont(self._canvas.font())
        font.setPixelSize(14)
        font.setBold(True)
        metrics = QFontMetricsF(font)
        wide = metrics.horizontalAdvance(text) + 16
        box = QRectF(x - wide if right else x, 10, wide, metrics.height() + 8)
        ground = QColor(theme.halo)
        ground.setAlpha(230)
        painter.setFont(font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
