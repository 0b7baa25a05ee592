"""One thread draws; the newest request wins."""

import threading
import time
from dataclasses import dataclass, fields

from PySide6.QtCore import QObject, QRect, QRectF, Signal
from PySide6.QtGui import QBrush, QColor, QImage

from layers.sidecar import Sidecar
from layers.viewport import Box, Viewport
from ui.map.painter import Cancelled, Look, Seen, draw, draw_part
from ui.map.path_cache import PathCache

_MARGIN = 0.25  # of the window, drawn around the view so that panning shows no bare ground
_SLOW = 0.06  # s
_AROUND = 48  # px around what changed: symbols, wide lines, labels
_MOST_DIRTY = 0.25  # share of the picture beyond which drawing the whole is as quick


@dataclass(frozen=True, slots=True)
class Request:
    """A view to draw."""

    sidecar: Sidecar
    view: Viewport
    look: Look


@dataclass(frozen=True, slots=True)
class Frame:
    """A finished view.

    Attributes:
        image: The picture.
        view: What it shows.
        seen: Table -> classes that are in it.
    """

    image: QImage
    view: Viewport
    seen: Seen

    def covers(self, view: Viewport) -> bool:
        """Say whether the picture shows the whole of a view, at its place and scale."""
        is_there = (self.view.east, self.view.north, self.view.metres) == (view.east, view.north, view.metres)
        return is_there and self.view.width >= view.width and self.view.height >= view.height

    def place_in(self, view: Viewport) -> QRectF:
        """Return where in the pixels of another view the picture belongs."""
        left, bottom, right, top = self.view.box()
        x0, y0 = view.to_screen(left, top)
        x1, y1 = view.to_screen(right, bottom)
        return QRectF(x0, y0, x1 - x0, y1 - y0)


def _ready() -> None:
    """Make here what PySide makes at the first call: two render threads have met the types of a brush half made."""
    QBrush(QColor("black"))


class Renderer(QObject):
    """The render thread.

    Signals:
        drawn: (Frame) a view is finished; emitted in the render thread, connect queued.
    """

    drawn = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: Request | None = None
        self._closing = False
        _ready()
        self._woken = threading.Condition()
        self._cache = PathCache()  # of the render thread alone, as is
        self._last: tuple[Request, Frame] | None = None  # the last whole picture
        self._thread = threading.Thread(target=self._run, name="render")
        self._thread.start()

    def request(self, request: Request) -> None:
        """Ask for a view; one that is being drawn is given up."""
        with self._woken:
            self._wanted = request
            self._woken.notify()

    def close(self) -> None:
        """Stop the thread and wait for it."""
        with self._woken:
            self._closing = True
            self._woken.notify()
        self._thread.join()

    def _superseded(self) -> bool:
        return self._wanted is not None or self._closing

    def _run(self) -> None:
        is_slow = False
        while (request := self._next()) is not None:
            wide = _widened(request.view)
            try:
                self._draw_changed(request, wide)
                if is_slow:  # what is on the screen first, its surroundings after
                    self._draw(request, request.view)
                began = time.perf_counter()
                self._draw(request, wide)
                is_slow = time.perf_counter() - began > _SLOW
            except Cancelled:
                continue

    def _draw(self, request: Request, view: Viewport) -> None:
        image = QImage(view.width, view.height, QImage.Format.Format_RGB32)
        seen = draw(image, request.sidecar, view, request.look, self._superseded, self._cache, request.view)
        self._last = request, Frame(image, view, seen)
        self.drawn.emit(self._last[1])

    def _draw_changed(self, request: Request, view: Viewport) -> None:
        """After an edit, draw at once the part of the last picture that it changed; the whole follows."""
        if self._last is None:
            return
        before, frame = self._last
        if frame.view != view or before.sidecar is request.sidecar or not _is_same(before.look, request.look):
            return
        box = request.sidecar.changed_box(before.sidecar)
        part = _pixels(box, view) if box is not None else QRect()
        if part.isEmpty() or part.width() * part.height() > _MOST_DIRTY * view.width * view.height:
            return
        image = frame.image.copy()
        seen = draw_part(image, part, request.sidecar, view, request.look, self._superseded, request.view)
        both = {table: frame.seen.get(table, set()) | seen.get(table, set()) for table in {*frame.seen, *seen}}
        self.drawn.emit(Frame(image, view, both))

    def _next(self) -> Request | None:
        with self._woken:
            while self._wanted is None and not self._closing:
                self._woken.wait()
            request, self._wanted = self._wanted, None
            return None if self._closing else request


def _widened(view: Viewport) -> Viewport:
    """Return the view with its margin: whole pixels on every side, so that the picture is not blurred."""
    return view.resized(view.width + 2 * int(view.width * _MARGIN), view.height + 2 * int(view.height * _MARGIN))


def _is_same(one: Look, other: Look) -> bool:
    """Say whether two looks are made of the same things; comparing what is in them would take longer than drawing."""
    parts = (getattr(one, part.name) is getattr(other, part.name) for part in fields(Look) if part.name != "font")
    return one.font == other.font and all(parts)


def _pixels(box: Box, view: Viewport) -> QRect:
    """Return the pixels of a picture that a box of the ground takes up, with what may stick out of it."""
    west, south, east, north = box
    if west > east:
        return QRect()
    left, top = view.to_screen(west, north)
    right, bottom = view.to_screen(east, south)
    whole = QRect(0, 0, view.width, view.height)
    limits = [max(min(value, 1e6), -1e6) for value in (left, top, right, bottom)]
    return (
        QRectF(limits[0], limits[1], limits[2] - limits[0], limits[3] - limits[1])
        .adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
        .toAlignedRect()
        .intersected(whole)
    )
