"""Draws one view of a side-car into an image. Runs in the render thread; knows no widgets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QTransform

from layers.columns import LINE, POINT, Columns
from layers.legend import themed
from layers.raw_types import Bytes, Floats, Ints
from layers.sidecar import Sidecar
from layers.spots import COARSE_FROM
from layers.style import STREETS, Theme
from layers.symbology import BY_SCALE, SINGLE, Codes, LayerStyle, Symbol, default_styles, is_baked
from layers.viewport import Viewport
from ui.map import dots, strokes
from ui.map.labelling import Labelling
from ui.map.path_cache import PathCache
from ui.map.paths import paths
from ui.map.symbols import draw_shape, spot, stamp

_FILL_CHUNK, _LINE_CHUNK, _WIDE_CHUNK = 64, 300, 20  # features in one path
_WIDE_LENGTH = 200  # px of wide lines in one path: its cost grows with the square of what crosses a row of pixels
_PIECE = 4096  # features between two looks at the cancel flag
_OVERVIEW_FROM = 90_000  # scale denominator from which a community is only a dot
_OUTLINE_FROM = 0.6  # px: below, buildings are drawn without outline
_SPECK = 2.5  # px: features smaller than this are dots
_FEW = 2_000  # features of a layer below which no dots are needed
_MANY = 500  # points from which they are drawn in one go
_THIN_FROM = 2.0  # m per pixel from which every line is one pixel wide
_SPARSE = 1e-3  # features for each pixel below which lines are wide from afar, too
_AFAR = 0.65  # how wide, of what they are when near
_DASHES = {"dash": Qt.PenStyle.DashLine, "dot": Qt.PenStyle.DotLine}


class Cancelled(Exception):
    """A newer view is wanted."""


class Under(Protocol):
    """Something that is drawn below the layers: a base map."""

    def draw(self, painter: QPainter, view: Viewport, stop: Callable[[], bool]) -> None:
        """Draw what a view shows of it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What decides the picture besides the view.

    Attributes:
        theme: Colours around the layers.
        styles: Table -> style, in the order in which they are drawn.
        codes: Table -> class of each record, where the style goes by values that the side-car does not hold.
        texts: Table -> uid -> label, where labels are not the names that the side-car holds.
        marks: Community uid -> mark drawn before its name.
        under: Base maps, the lowest first.
        font: Family of the labels.
        is_vector: Whether points are drawn as shapes and not as pictures: on paper.
    """

    theme: Theme = field(default_factory=Theme)
    styles: Mapping[str, LayerStyle] = field(default_factory=default_styles)
    codes: Mapping[str, Codes] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    under: tuple[Under, ...] = ()
    font: str = ""
    is_vector: bool = False


Seen = dict[str, set[int]]  # table -> codes that were drawn


def draw(
    image: QImage,
    sidecar: Sidecar,
    view: Viewport,
    look: Look,
    stop: Callable[[], bool],
    cache: PathCache | None = None,
    window: Viewport | None = None,
) -> Seen:
    """Draw a view into an image of the view's size; return what it shows.

    Args:
        image: Where it is drawn.
        sidecar: The layers.
        view: What is drawn.
        look: How.
        stop: Whether a newer view is wanted.
        cache: Makes the next view quicker.
        window: What of the view a person sees; None: all.

    Raises:
        Cancelled: If stop() became true; the image is unfinished then.
    """
    image.fill(QColor(look.theme.ground))
    painter = QPainter(image)
    try:
        return paint(painter, sidecar, view, look, stop, cache=cache, window=window)
    finally:
        painter.end()


def draw_part(
    image: QImage,
    part: QRect,
    sidecar: Sidecar,
    view: Viewport,
    look: Look,
    stop: Callable[[], bool],
    window: Viewport | None = None,
) -> Seen:
    """Draw anew the pixels of a picture inside a rectangle; the rest stays. Return what they show.

    `view` is that of the whole picture, `window` what of it a person sees.

    Raises:
        Cancelled: If stop() became true; the picture is unfinished then.
    """
    centre = view.to_world(part.x() + part.width() / 2, part.y() + part.height() / 2)
    near = Viewport(*centre, view.metres, part.width(), part.height())
    painter = QPainter(image)
    try:
        painter.setClipRect(part)
        painter.fillRect(part, QColor(look.theme.ground))
        painter.translate(part.topLeft())
        return paint(painter, sidecar, near, look, stop, window=window or view)
    finally:
        painter.end()


def paint(
    painter: QPainter,
    sidecar: Sidecar,
    view: Viewport,
    look: Look,
    stop: Callable[[], bool],
    *,
    cache: PathCache | None = None,
    window: Viewport | None = None,
) -> Seen:
    """Draw a view with a painter whose unit is the view's pixel: on a screen, or on paper.

    Args:
        painter: Where it is drawn.
        sidecar: The layers.
        view: What is drawn.
        look: How.
        stop: Whether a newer view is wanted.
        cache: Paths of earlier views; takes those of this one.
        window: What of the view a person sees, or what the view is a piece of; None: the view itself.

    Raises:
        Cancelled: If stop() became true.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for under in look.under:
        under.draw(painter, view, stop)
    scene = _Scene(painter, sidecar, view, look, stop, cache)
    for style in look.styles.values():
        if style.is_drawn_at(view.scale):
            scene.layer(style)
    scene.check()
    Labelling(painter, sidecar, view, look, window, None if cache is None else cache.spots).draw()
    return scene.seen


class _Batch:
    """Features that are drawn alike: their vertices on the screen, or paths that are kept."""

    def __init__(
        self, columns: Columns, index: Ints, view: Viewport, kept: Sequence[QPainterPath] | None = None
    ) -> None:
        self.columns, self.index, self.kept = columns, index, kept
        self._view = view
        self._screen: tuple[Floats, Ints, Ints] | None = None
        self._made: tuple[int, list[QPainterPath]] | None = None

    def screen(self) -> tuple[Floats, Ints, Ints]:
        """Return vertices in px, vertices per ring, and the feature of each ring."""
        if self._screen is None:
            coarse = self._view.metres >= COARSE_FROM
            mm, counts, owners = self.columns.vertices(self.index, coarse=coarse)
            self._screen = self._view.screen_of(mm, self.columns.origin), counts, owners
        return self._screen

    def paths(self, chunk: int) -> Sequence[QPainterPath]:
        """Return paths of about so many features each."""
        if self.kept is not None:
            return self.kept
        if self._made is None or self._made[0] > chunk:
            points, counts, owners = self.screen()
            self._made = chunk, list(paths(points, counts, owners // chunk))
        return self._made[1]

    def wide_chunk(self) -> int:
        """Return how many wide lines go into one path: few where they are long."""
        boxes = self.columns.boxes[self.index]
        sides = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        length = float(sides.mean()) / (1e3 * self._view.metres)
        return int(min(max(_WIDE_LENGTH / max(length, 1.0), 1), _WIDE_CHUNK))


class _Scene:
    def __init__(
        self,
        painter: QPainter,
        sidecar: Sidecar,
        view: Viewport,
        look: Look,
        stop: Callable[[], bool],
        cache: PathCache | None,
    ) -> None:
        self._painter, self._sidecar, self._view, self._look, self._stop = painter, sidecar, view, look, stop
        self._cache = cache
        if cache is not None:
            cache.begin(sidecar.layers)
        self.seen: Seen = {}
        self._hidden: frozenset[int] = frozenset()  # classes of the layer that is drawn
        self._is_sparse = True

    def check(self) -> None:
        """Give up where a newer view is wanted.

        Raises:
            Cancelled: If it is.
        """
        if self._stop():
            raise Cancelled

    def layer(self, style: LayerStyle) -> None:
        """Draw one layer, class by class."""
        symbols = tuple(themed(one, style.table, self._look.theme) for one in style.symbols(self._view.scale))
        self._hidden = style.hidden(self._view.scale)
        parts = [(columns, self._drawn(style, columns, index)) for columns, index in self._in_view(style)]
        self._is_sparse = sum(len(index) for _columns, index in parts) < _SPARSE * self._view.width * self._view.height
        for columns, every in parts:
            self.check()
            index = self._specks(style, symbols, columns, every)
            codes = self._codes(style, columns, index)
            self._note(style, codes)
            is_dense = 2 * len(index) > len(every)  # not mere specks: those leave little of each block
            if is_dense and self._is_kept(style, symbols, columns, len(index)):
                self._kept(style, symbols, columns, index)
            else:
                for start in range(0, len(index), _PIECE):
                    self._piece(style, symbols, columns, index[start : start + _PIECE], codes[start : start + _PIECE])
            if style.table == "community" and self._view.scale > _OVERVIEW_FROM:
                for code in np.unique(codes).tolist():
                    self._dots(columns, index[codes == code], symbols[min(code, len(symbols) - 1)])

    def _in_view(self, style: LayerStyle) -> Iterator[tuple[Columns, Ints]]:
        return self._sidecar.parts(style.table, self._view.box(12))

    def _drawn(self, style: LayerStyle, columns: Columns, index: Ints) -> Ints:
        """Return the features whose class is drawn at this scale, and that are large enough for it."""
        least = [0.0, *(0.0 if self._look.is_vector else one.least for one in style.classes)]
        if not self._hidden and not any(least):
            return index
        codes = np.minimum(self._codes(style, columns, index), len(least) - 1)
        boxes = columns.boxes_of(index)
        sides = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        is_large = sides >= np.array(least)[codes] * (1e3 * self._view.metres)
        return np.asarray(index[is_large & ~np.isin(codes, list(self._hidden))])

    def _note(self, style: LayerStyle, codes: Bytes) -> None:
        if len(codes):
            self.seen.setdefault(style.table, set()).update(np.unique(codes).tolist())

    def _piece(
        self, style: LayerStyle, symbols: tuple[Symbol, ...], columns: Columns, index: Ints, codes: Bytes
    ) -> None:
        self.check()
        for code in np.unique(codes).tolist():
            symbol = symbols[min(code, len(symbols) - 1)]
            if symbol.shape and style.table != "community":
                self._points(symbol, columns, index[codes == code])
            else:
                self._shapes(style, symbol, _Batch(columns, index[codes == code], self._view))

    def _is_kept(self, style: LayerStyle, symbols: tuple[Symbol, ...], columns: Columns, count: int) -> bool:
        """Say whether the paths of a layer are kept: not where they are few and wide lines are drawn piece by piece."""
        if self._cache is None or self._look.is_vector or self._view.metres < _THIN_FROM or columns.kind == POINT:
            return False
        is_thin = all(self._width(style.table, symbol, columns) <= 1.0 and not symbol.shape for symbol in symbols)
        coarse = self._view.metres >= COARSE_FROM
        return is_thin and self._cache.has_room(columns, count, coarse=coarse)

    def _kept(self, style: LayerStyle, symbols: tuple[Symbol, ...], columns: Columns, index: Ints) -> None:
        """Draw the whole blocks that features lie in, in the millimetres of the layer."""
        if self._cache is None or not len(index):
            return
        whole = self._drawn(style, columns, self._sidecar.in_blocks_of(style.table, index))
        if self._has_specks(style, columns, whole):
            whole = whole[~dots.tiny(columns, whole, self._speck())[0]]
        codes = self._codes(style, columns, whole)
        coarse = self._view.metres >= COARSE_FROM
        found: dict[int, list[QPainterPath]] = {}
        for block in self._cache.blocks(columns, whole, codes, coarse=coarse):
            self.check()
            for code, path in block:
                found.setdefault(code, []).append(path)
        self._painter.save()
        try:
            self._painter.setTransform(_placed(self._view, columns), True)
            for code, kept in sorted(found.items()):
                symbol = symbols[min(code, len(symbols) - 1)]
                self._shapes(style, symbol, _Batch(columns, whole[:0], self._view, kept))
        finally:
            self._painter.restore()

    def _speck(self) -> float:
        """Return the size, mm, below which a feature is a dot."""
        return _SPECK * 1e3 * self._view.metres

    def _has_specks(self, style: LayerStyle, columns: Columns, index: Ints) -> bool:
        return not (
            columns.kind == POINT or style.table == "community" or self._look.is_vector or len(index) < _FEW
        )  # fmt: skip

    def _specks(self, style: LayerStyle, symbols: tuple[Symbol, ...], columns: Columns, index: Ints) -> Ints:
        """Draw features of hardly a pixel as dots, all in one go; return the others."""
        if not self._has_specks(style, columns, index):
            return index
        small, twice = dots.tiny(columns, index, self._speck())
        if not small.any():
            return index
        codes = self._codes(style, columns, index if small.all() else index[small])
        self._note(style, codes)
        shades = np.array([QColor(symbol.fill or symbol.line or "#000000").rgba() for symbol in symbols], np.uint32)
        colours = shades[np.minimum(codes, len(shades) - 1)] if len(shades) > 1 else shades[0]
        left, top = self._view.to_world(0, 0)
        scale = 1e3 * self._view.metres
        east, north = columns.origin
        twice[0] = twice[0] / (2 * scale) + (east - left) / self._view.metres
        twice[1] = twice[1] / (-2 * scale) + (top - north) / self._view.metres
        dots.specks(self._painter, (self._view.width, self._view.height), twice.astype(np.int64), colours)
        return index[~small]

    def _codes(self, style: LayerStyle, columns: Columns, index: Ints) -> Bytes:
        if style.kind in {SINGLE, BY_SCALE}:
            return np.zeros(len(index), np.uint8)
        if style.table in self._look.codes:
            return self._look.codes[style.table].of(columns, index)
        return np.asarray(columns.klass[index]) if is_baked(style) else np.zeros(len(index), np.uint8)

    def _shapes(self, style: LayerStyle, symbol: Symbol, batch: _Batch) -> None:
        if style.table == "community":
            self._communities(symbol, batch)
            return
        if symbol.fill and batch.columns.is_area:
            self._fill(batch, _shade(symbol.fill, symbol.opacity))
        if symbol.line and not (symbol.fill and symbol.width / self._view.metres < _OUTLINE_FROM):
            self._stroke(batch, symbol, self._width(style.table, symbol, batch.columns))

    def _width(self, table: str, symbol: Symbol, columns: Columns) -> float:
        """Return the line width in px; streets keep theirs on the ground when near, few lines some from afar."""
        if table in STREETS:
            return float(min(max(symbol.width * STREETS[table] / self._view.metres, 1.0), 40.0))
        if self._view.metres < _THIN_FROM:
            return symbol.width
        return max(symbol.width * _AFAR, 1.0) if self._is_sparse and columns.kind == LINE else 1.0

    def _fill(self, batch: _Batch, colour: QColor) -> None:
        brush = QBrush(colour)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for path in batch.paths(_FILL_CHUNK):
            self.check()
            self._painter.fillPath(path, brush)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)

    def _stroke(self, batch: _Batch, symbol: Symbol, width: float) -> None:
        shade = _shade(symbol.line, symbol.opacity)
        pen = QPen(shade, width)
        pen.setCosmetic(not self._look.is_vector)  # on screen the fast way; on paper the width scales with the sheet
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setStyle(_DASHES.get(symbol.dash, Qt.PenStyle.SolidLine))
        if 1.0 < width <= strokes.WIDEST and not symbol.dash and shade.alpha() == 255 and not self._look.is_vector:
            self._straight(batch, pen)
            return
        is_fine = width > 1.0 or self._view.metres < COARSE_FROM or self._look.is_vector
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=is_fine)
        for path in batch.paths(_LINE_CHUNK if width <= 1.0 else batch.wide_chunk()):
            self.check()
            self._painter.strokePath(path, pen)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)

    def _straight(self, batch: _Batch, pen: QPen) -> None:
        """Draw lines of a few pixels piece by piece."""
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
        self._painter.setPen(pen)
        points, counts, _owners = batch.screen()
        for some in strokes.pieces(points, counts, (self._view.width, self._view.height)):
            self._painter.drawLines(some)

    def _communities(self, symbol: Symbol, batch: _Batch) -> None:
        """Fill communities so that what lies below shows through when near."""
        if symbol.fill:
            opacity = symbol.opacity * (self._look.theme.fill_alpha / 255 if self._view.scale < 25_000 else 1.0)
            self._fill(batch, _shade(symbol.fill, opacity))
        if symbol.line and self._view.scale <= _OVERVIEW_FROM:
            line = replace(symbol, line="#000000") if self._look.theme.ground == "#FFFFFF" else symbol
            self._stroke(batch, line, self._width("community", symbol, batch.columns))

    def _dots(self, columns: Columns, index: Ints, symbol: Symbol) -> None:
        """Draw communities as dots: from afar."""
        centres = columns.centres(index)
        colour, halo = symbol.fill or symbol.line, self._look.theme.halo
        if not self._look.is_vector:
            left, top = self._view.to_world(0, 0)
            spots = np.column_stack([centres[:, 0] - left, top - centres[:, 1]]) / self._view.metres
            dots.scatter(self._painter, (self._view.width, self._view.height), spots, spot(colour, halo))
            return
        self._painter.setPen(QPen(QColor(halo), 0.8))
        self._painter.setBrush(QColor(colour))
        for east, north in centres.tolist():
            self._painter.drawEllipse(QPointF(*self._view.to_screen(east, north)), 3.5, 3.5)

    def _points(self, symbol: Symbol, columns: Columns, index: Ints) -> None:
        mm, _counts, _owners = columns.vertices(index, coarse=False)
        spots = self._view.screen_of(mm, columns.origin)
        if self._look.is_vector:
            self._shape_points(symbol, spots.tolist())
            return
        picture = stamp(symbol)
        if len(spots) >= _MANY:
            dots.scatter(self._painter, (self._view.width, self._view.height), spots, picture)
            return
        half = picture.width() / picture.devicePixelRatio() / 2
        for x, y in spots.tolist():
            self._painter.drawImage(QPointF(x - half, y - half), picture)

    def _shape_points(self, symbol: Symbol, spots: list[list[float]]) -> None:
        self._painter.setBrush(QBrush(_shade(symbol.fill, symbol.opacity)) if symbol.fill else Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(_shade(symbol.line or "#FFFFFF", symbol.opacity), 1.2))
        half = symbol.size / 2
        for x, y in spots:
            draw_shape(self._painter, symbol.shape, QRectF(x - half, y - half, symbol.size, symbol.size))


def _placed(view: Viewport, columns: Columns) -> QTransform:
    """Return the way from the millimetres of a layer to the pixels of a view."""
    scale = 1e-3 / view.metres
    return QTransform(scale, 0, 0, -scale, *view.to_screen(*columns.origin))


def _shade(colour: str, opacity: float) -> QColor:
    shade = QColor(colour)
    shade.setAlphaF(min(max(opacity, 0.0), 1.0))
    return shade
