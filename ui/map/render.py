"""One thread draws; the newest request wins."""

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from layers.sidecar import Sidecar
from layers.viewport import Viewport
from ui.map.painter import Cancelled, Look, draw


@dataclass(frozen=True, slots=True)
class Request:
    """A view to draw."""

    sidecar: Sidecar
    view: Viewport
    look: Look


@dataclass(frozen=True, slots=True)
class Frame:
    """A finished view."""

    image: QImage
    view: Viewport


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
        self._woken = threading.Condition()
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
        while (request := self._next()) is not None:
            image = QImage(request.view.width, request.view.height, QImage.Format.Format_RGB32)
            try:
                draw(image, request.sidecar, request.view, request.look, self._superseded)
            except Cancelled:
                continue
            self.drawn.emit(Frame(image, request.view))

    def _next(self) -> Request | None:
        with self._woken:
            while self._wanted is None and not self._closing:
                self._woken.wait()
            request, self._wanted = self._wanted, None
            return None if self._closing else request
