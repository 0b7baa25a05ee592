"""Base maps on the canvas: drawn in the render thread below the layers, kept in the project."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPainter, QTransform

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.paths import user_cache
from layers.basemap.online import Fetcher
from layers.basemap.order import together
from layers.basemap.source import (
    FILE,
    SETTING,
    Basemap,
    Pyramid,
    Raster,
    from_json,
    large_scale_area,
    opened,
    tiles_for,
    to_json,
    warning,
)
from layers.viewport import Viewport

if TYPE_CHECKING:
    from ui.map.workspace import MapWorkspace

_MOST_TILES = 400  # decoded pictures that are kept
_MOST_IN_VIEW = 200


class BasemapLayer:
    """One base map as the painter draws it."""

    def __init__(self, basemap: Basemap, source: "Pyramid | Raster", crs: str) -> None:
        self.basemap, self.source, self._crs = basemap, source, crs
        self._pictures: OrderedDict[tuple[object, ...], QImage] = OrderedDict()

    def draw(self, painter: QPainter, view: Viewport, stop: Callable[[], bool]) -> None:
        """Draw what a view shows of it."""
        if not (self.basemap.visible and self.basemap.nearest <= view.scale <= self.basemap.farthest):
            return
        painter.save()
        try:
            painter.setOpacity(self.basemap.opacity)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            if isinstance(self.source, Raster):
                self._draw_raster(painter, view)
            else:
                self._draw_tiles(painter, view, stop)
        finally:
            painter.restore()

    def _draw_raster(self, painter: QPainter, view: Viewport) -> None:
        found = cast("Raster", self.source).window(view.box(), view.width, view.height, self._crs)
        if found is None:
            return
        data, (west, south, east, north) = found
        image = QImage(data.data, data.shape[1], data.shape[0], 4 * data.shape[1], QImage.Format.Format_RGBA8888)
        corner, other = view.to_screen(west, north), view.to_screen(east, south)
        painter.drawImage(QRectF(QPointF(*corner), QPointF(*other)), image)

    def _draw_tiles(self, painter: QPainter, view: Viewport, stop: Callable[[], bool]) -> None:
        tiles = tiles_for(cast("Pyramid", self.source), self.basemap, view.box(), view.metres, self._crs)
        if len(tiles) > _MOST_IN_VIEW:
            return
        for tile in tiles:
            if stop():
                return
            image = self._picture(tile.key, tile.read)
            if image is None:
                continue
            (x0, y0), (x1, y1), (x2, y2) = (view.to_screen(*corner) for corner in tile.corners.tolist())
            wide, high = image.width(), image.height()
            to_view = QTransform((x1 - x0) / wide, (y1 - y0) / wide, (x2 - x0) / high, (y2 - y0) / high, x0, y0)
            painter.save()
            painter.setTransform(to_view, combine=True)
            # a hair larger than the tile, so that no seam of the ground shows between two
            painter.drawImage(QRectF(-0.2, -0.2, wide + 0.4, high + 0.4), image)
            painter.restore()

    def _picture(self, key: tuple[object, ...], read: Callable[[], bytes | None]) -> QImage | None:
        known = self._pictures.get(key)
        if known is not None:
            self._pictures.move_to_end(key)
            return known
        data = read()
        image = QImage.fromData(data) if data else QImage()
        if image.isNull():
            return None
        self._pictures[key] = image
        while len(self._pictures) > _MOST_TILES:
            self._pictures.popitem(last=False)
        return image


@dataclass(frozen=True, slots=True)
class _Shown:
    """What could be opened, how much ground its large-scale maps cover (㎡), and what could not."""

    layers: tuple[BasemapLayer, ...]
    area: float
    troubles: tuple[FieldSurveyError, ...]


class Basemaps(QObject):
    """The base maps of the open project.

    Signals:
        changed: () others are shown.
        warned: (text) they cover more ground than is allowed; empty when it is again.
    """

    changed = Signal()
    warned = Signal(str)
    _arrived = Signal()

    def __init__(self, workspace: "MapWorkspace") -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.maps: list[Basemap] = []
        self.area = 0.0  # ㎡ that large-scale ones cover together
        self._open: dict[tuple[str, str, str, str], Pyramid | Raster] = {}
        self.fetcher = Fetcher(user_cache() / "tiles", self._arrived.emit)
        self._arrived.connect(workspace.canvas.redraw, Qt.ConnectionType.QueuedConnection)

    def read(self) -> None:
        """Read the base maps of the project."""
        self._workspace.run(lambda _control: self._workspace.holder.store.setting(SETTING), self._was_read)

    @Slot(object)
    def _was_read(self, text: object) -> None:
        self.maps = together(from_json(str(text or "")))
        self._show()

    def keep(self, maps: list[Basemap]) -> None:
        """Show other base maps, the lowest first, and keep them in the project."""
        self.maps = together(maps)
        text = to_json(self.maps)
        self._workspace.run(lambda _control: self._workspace.holder.store.set_setting(SETTING, text))
        self._show()

    def add(self, basemap: Basemap) -> None:
        """Put a base map on top of the others, if it can be opened."""
        job = self._workspace.work_runner.start(lambda _control: self._source(basemap))
        job.succeeded.connect(partial(self._was_added, basemap))
        job.failed.connect(self._workspace.failed)

    def add_file(self, file: Path) -> None:
        """Put a file on top of the others, if it can be opened."""
        self.add(Basemap(file.stem, FILE, str(file)))

    def _was_added(self, basemap: Basemap, _source: object) -> None:
        self.keep([*self.maps, basemap])

    def set_offline(self, offline: bool) -> None:
        """Ask nothing of the network, or everything that is missing."""
        self.fetcher.is_offline = offline
        self._workspace.canvas.redraw()

    def _source(self, basemap: Basemap) -> "Pyramid | Raster":
        """Open a base map, once; runs in the work thread."""
        key = (basemap.kind, basemap.place, basemap.layer, basemap.matrix)
        if key not in self._open:
            self._open[key] = opened(basemap, self.fetcher)
        return self._open[key]

    def _show(self) -> None:
        maps, crs = list(self.maps), self._workspace.crs
        if not maps:
            self._apply(_Shown((), 0.0, ()))
            return
        job = self._workspace.work_runner.start(lambda _control: self._opened(maps, crs))
        job.succeeded.connect(self._apply)
        job.failed.connect(self._workspace.failed)

    def _opened(self, maps: list[Basemap], crs: str) -> "_Shown":
        layers: list[BasemapLayer] = []
        troubles: list[FieldSurveyError] = []
        for basemap in maps:
            try:
                layers.append(BasemapLayer(basemap, self._source(basemap), crs))
            except FieldSurveyError as error:  # a file on a stick that is not plugged in
                troubles.append(error)
        files = [layer.source for layer in layers if layer.basemap.kind == FILE]
        return _Shown(tuple(layers), large_scale_area(files, crs), tuple(troubles))

    @Slot(object)
    def _apply(self, shown: "_Shown") -> None:
        canvas = self._workspace.canvas
        canvas.set_look(replace(canvas.look, under=shown.layers))
        for error in shown.troubles:
            self._workspace.failed.emit(error)
        text = warning(shown.area)
        if text != warning(self.area):
            self.warned.emit(text)
        self.area = shown.area
        self.changed.emit()

    def clear(self) -> None:
        """Forget the base maps of the project before."""
        self.maps, self.area = [], 0.0
        self._open = {}
        canvas = self._workspace.canvas
        canvas.set_look(replace(canvas.look, under=()))

    def close(self) -> None:
        """Stop fetching; call after the render thread has stopped."""
        self.fetcher.close()
        for source in self._open.values():
            if (close := getattr(source, "close", None)) is not None:
                close()
        self._open = {}
