"""The ground under the small map: water, hills and roads, drawn beside the window, once for each view."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from fieldsurvey.errors import JobCancelled
from fieldsurvey.jobs import JobControl
from layers.sidecar import Sidecar
from layers.viewport import Viewport
from ui.jobs import JobRunner
from ui.map.painter import Cancelled, Look, draw

_TABLES = ("district", "landuse", "hill", "water_body", "green", "road", "railway")
Picture = tuple[QImage, Viewport]


class Ground(QObject):
    """Draws the ground of a view, as the large map would, without what is surveyed.

    Signals:
        drawn: (QImage, Viewport) the ground of a view.
    """

    drawn = Signal(object, object)

    def __init__(
        self, runner: JobRunner, sidecar: Callable[[], Sidecar | None], look: Callable[[], Look], parent: QObject
    ) -> None:
        """Draw what a side-car holds in a look; both are asked for when a view is wanted."""
        super().__init__(parent)
        self._runner, self._sidecar, self._look = runner, sidecar, look

    @Slot(object)
    def want(self, view: Viewport) -> None:
        """Draw a view; drawn follows, if there is a map."""
        sidecar, look = self._sidecar(), self._look()
        if sidecar is None or not self._runner.is_open:
            return
        styles = {table: style for table, style in look.styles.items() if table in _TABLES}
        ground = replace(look, styles=styles, under=(), marks={}, texts={})
        self._runner.start(partial(_drawn, sidecar, view, ground)).succeeded.connect(self._tell)

    @Slot(object)
    def _tell(self, picture: Picture) -> None:
        self.drawn.emit(*picture)


def _drawn(sidecar: Sidecar, view: Viewport, look: Look, control: JobControl) -> Picture:
    image = QImage(view.width, view.height, QImage.Format.Format_RGB32)
    try:
        draw(image, sidecar, view, look, lambda: control.is_cancelled)
    except Cancelled as error:
        raise JobCancelled from error
    return image, view
