"""Draws one view of a side-car into an image. Runs in the render thread; knows no widgets."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from layers.columns import POINT, Columns
from layers.labels import Box, Label, Placement, places
from layers.picking import covers
from layers.raw_types import Bytes, Ints
from layers.sidecar import Sidecar
from layers.style import STREETS, Theme
from layers.symbology import BY_SCALE, SINGLE, Codes, LayerStyle, Symbol, default_styles, is_baked
from layers.viewport import Viewport
from ui.map.paths import paths
from ui.map.symbols import draw_shape, label_picture, label_size, stamp

_FILL_CHUNK, _LINE_CHUNK, _WIDE_CHUNK = 64, 300, 20
_WIDE_LENGTH = 200  # px of wide lines in one path: its cost grows with the square of what crosses a row of pixels
_ROOMY = 4  # heights of a label: a feature so large may have it beside its middle
_PIECE = 4096  # features between two looks at the cancel flag
_COARSE_FROM = 3.0  # m per pixel from which the simplified level is drawn
_OVERVIEW_FROM = 90_000  # scale denominator from which a community is only a dot
_OUTLINE_FROM = 0.6  # px: below, buildings are drawn without outline
_SPECK = 2.5  # px: features smaller than this are dots
_DOT = ((0, 0), (1, 0), (0, 1), (1, 1))
_FEW = 2_000  # features of a layer below which no dots are needed
_THIN_FROM = 2.0  # m per pixel from which every line is one pixel wide
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


def draw(image: QImage, sidecar: Sidecar, view: Viewport, look: Look, stop: Callable[[], bool]) -> Seen:
    """Draw a view into an image of the view's size; return what it shows.

    Raises:
        Cancelled: If stop() became true; the image is unfinished then.
    """
    image.fill(QColor(look.theme.ground))
    painter = QPainter(image)
    try:
        return paint(painter, sidecar, view, look, stop)
    finally:
        painter.end()


def draw_part(
    image: QImage, part: QRect, sidecar: Sidecar, view: Viewport, look: Look, stop: Callable[[], bool]
) -> Seen:
    """Draw anew the pixels of a picture inside a rectangle; the rest stays. Return what they show.

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
        return paint(painter, sidecar, near, look, stop, is_part=True)
    finally:
        painter.end()


def paint(
    painter: QPainter, sidecar: Sidecar, view: Viewport, look: Look, stop: Callable[[], bool], *, is_part: bool = False
) -> Seen:
    """Draw a view with a painter whose unit is the view's pixel: on a screen, or on paper.

    Args:
        painter: Where it is drawn.
        sidecar: The layers.
        view: What is drawn.
        look: How.
        stop: Whether a newer view is wanted.
        is_part: Whether the view is a piece of a picture: no label moves to be whole inside it.

    Raises:
        Cancelled: If stop() became true.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for under in look.under:
        under.draw(painter, view, stop)
    scene = _Scene(painter, sidecar, view, look, stop, is_part=is_part)
    for style in look.styles.values():
        if style.is_drawn_at(view.scale):
            scene.layer(style)
    scene.labels()
    return scene.seen


class _Scene:
    def __init__(
        self,
        painter: QPainter,
        sidecar: Sidecar,
        view: Viewport,
        look: Look,
        stop: Callable[[], bool],
        *,
        is_part: bool,
    ) -> None:
        self._painter, self._sidecar, self._view, self._look, self._stop = painter, sidecar, view, look, stop
        self._is_part = is_part
        self.seen: Seen = {}

    def _check(self) -> None:
        if self._stop():
            raise Cancelled

    def layer(self, style: LayerStyle) -> None:
        """Draw one layer, class by class."""
        symbols = style.symbols(self._view.scale)
        for columns, every in self._sidecar.parts(style.table, self._view.box(12)):
            index = self._specks(style, symbols, columns, every)
            for start in range(0, len(index), _PIECE):
                self._check()
                piece = index[start : start + _PIECE]
                codes = self._codes(style, columns, piece)
                for code in np.unique(codes).tolist():
                    self.seen.setdefault(style.table, set()).add(code)
                    self._draw(style, symbols[min(code, len(symbols) - 1)], columns, piece[codes == code])

    def _specks(self, style: LayerStyle, symbols: tuple[Symbol, ...], columns: Columns, index: Ints) -> Ints:
        """Draw features of hardly a pixel as dots, all in one go; return the others."""
        if columns.kind == POINT or style.table == "community" or self._look.is_vector or len(index) < _FEW:
            return index
        self._check()
        boxes = columns.boxes[index]
        tiny = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) < _SPECK * 1e3 * self._view.metres
        if not tiny.any():
            return index
        codes = self._codes(style, columns, index[tiny])
        self.seen.setdefault(style.table, set()).update(np.unique(codes).tolist())
        shades = [QColor(symbol.fill or symbol.line or "#000000").rgba() for symbol in symbols]
        colours = np.array(shades, np.uint32)[np.minimum(codes, len(shades) - 1)]
        middle = (boxes[tiny, :2].astype(float) + boxes[tiny, 2:]) / 2
        spots = self._view.screen_of(middle, columns.origin).astype(np.int64)
        width, height = self._view.width, self._view.height
        dots = np.zeros((height, width), np.uint32)
        for x, y in _DOT:
            inside = (
                (spots[:, 0] + x >= 0) & (spots[:, 0] + x < width) & (spots[:, 1] + y >= 0) & (spots[:, 1] + y < height)
            )
            dots[spots[inside, 1] + y, spots[inside, 0] + x] = colours[inside]
        self._painter.drawImage(0, 0, QImage(dots.data, width, height, 4 * width, QImage.Format.Format_ARGB32))
        return np.asarray(index[~tiny])

    def _codes(self, style: LayerStyle, columns: Columns, index: Ints) -> Bytes:
        if style.kind in {SINGLE, BY_SCALE}:
            return np.zeros(len(index), np.uint8)
        if style.table in self._look.codes:
            return self._look.codes[style.table].of(columns, index)
        return np.asarray(columns.klass[index]) if is_baked(style) else np.zeros(len(index), np.uint8)

    def _draw(self, style: LayerStyle, symbol: Symbol, columns: Columns, index: Ints) -> None:
        if style.table == "community":
            self._communities(symbol, columns, index)
        elif symbol.shape:
            self._points(symbol, columns, index)
        else:
            self._shapes(style, symbol, columns, index)

    def _shapes(self, style: LayerStyle, symbol: Symbol, columns: Columns, index: Ints) -> None:
        coarse = self._view.metres >= _COARSE_FROM
        if symbol.fill and columns.is_area:
            self._fill(columns, index, _shade(symbol.fill, symbol.opacity), coarse=coarse)
        if symbol.line and not (symbol.fill and symbol.width / self._view.metres < _OUTLINE_FROM):
            self._stroke(columns, index, symbol, self._width(style.table, symbol), coarse=coarse)

    def _width(self, table: str, symbol: Symbol) -> float:
        """Return the line width in px; streets keep their width on the ground when near."""
        if table in STREETS:
            return float(min(max(symbol.width * STREETS[table] / self._view.metres, 1.0), 40.0))
        return symbol.width if self._view.metres < _THIN_FROM else 1.0

    def _fill(self, columns: Columns, index: Ints, colour: QColor, *, coarse: bool) -> None:
        brush = QBrush(colour)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for path in self._paths(columns, index, _FILL_CHUNK, coarse=coarse):
            self._painter.fillPath(path, brush)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)

    def _stroke(self, columns: Columns, index: Ints, symbol: Symbol, width: float, *, coarse: bool) -> None:
        pen = QPen(_shade(symbol.line, symbol.opacity), width)
        pen.setCosmetic(not self._look.is_vector)  # on screen the fast way; on paper the width scales with the sheet
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        pen.setStyle(_DASHES.get(symbol.dash, Qt.PenStyle.SolidLine))
        chunk = _LINE_CHUNK if width <= 1.0 else self._wide_chunk(columns, index)
        is_fine = width > 1.0 or self._view.metres < _COARSE_FROM or self._look.is_vector
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=is_fine)
        for path in self._paths(columns, index, chunk, coarse=coarse):
            self._painter.strokePath(path, pen)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)

    def _wide_chunk(self, columns: Columns, index: Ints) -> int:
        """Return how many wide lines go into one path: few where they are long."""
        boxes = columns.boxes[index]
        sides = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        length = float(sides.mean()) / (1e3 * self._view.metres)
        return int(min(max(_WIDE_LENGTH / max(length, 1.0), 1), _WIDE_CHUNK))

    def _paths(self, columns: Columns, index: Ints, chunk: int, *, coarse: bool) -> "list[QPainterPath]":
        self._check()
        mm, counts, owners = columns.vertices(index, coarse=coarse)
        return list(paths(self._view.screen_of(mm, columns.origin), counts, owners, chunk))

    def _communities(self, symbol: Symbol, columns: Columns, index: Ints) -> None:
        """Fill communities so that what lies below shows through when near; from afar each is a dot."""
        coarse = self._view.metres >= _COARSE_FROM
        if symbol.fill:
            opacity = symbol.opacity * (self._look.theme.fill_alpha / 255 if self._view.scale < 25_000 else 1.0)
            self._fill(columns, index, _shade(symbol.fill, opacity), coarse=coarse)
        if self._view.scale > _OVERVIEW_FROM:
            self._dots(columns, index, QColor(symbol.fill or symbol.line))
        elif symbol.line:
            line = replace(symbol, line="#000000") if self._look.theme.ground == "#FFFFFF" else symbol
            self._stroke(columns, index, line, self._width("community", symbol), coarse=coarse)

    def _dots(self, columns: Columns, index: Ints, colour: QColor) -> None:
        self._painter.setPen(QPen(QColor(self._look.theme.halo), 0.8))
        self._painter.setBrush(colour)
        for east, north in columns.centres(index).tolist():
            self._painter.drawEllipse(QPointF(*self._view.to_screen(east, north)), 3.5, 3.5)

    def _points(self, symbol: Symbol, columns: Columns, index: Ints) -> None:
        mm, _counts, _owners = columns.vertices(index, coarse=False)
        spots = self._view.screen_of(mm, columns.origin)
        if self._look.is_vector:
            self._shape_points(symbol, spots.tolist())
            return
        picture = stamp(symbol)
        half = picture.width() / picture.devicePixelRatio() / 2
        for x, y in spots.tolist():
            self._painter.drawImage(QPointF(x - half, y - half), picture)

    def _shape_points(self, symbol: Symbol, spots: list[list[float]]) -> None:
        self._painter.setBrush(QBrush(_shade(symbol.fill, symbol.opacity)) if symbol.fill else Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(_shade(symbol.line or "#FFFFFF", symbol.opacity), 1.2))
        half = symbol.size / 2
        for x, y in spots:
            draw_shape(self._painter, symbol.shape, QRectF(x - half, y - half, symbol.size, symbol.size))

    # --- labels --------------------------------------------------------------------------------------------------

    def labels(self) -> None:
        """Place and draw the labels of all layers, the important first."""
        self._check()
        placement = Placement(self._view.width, self._view.height)
        styles = [s for s in self._look.styles.values() if s.label.column and s.is_drawn_at(self._view.scale)]
        for style in sorted(styles, key=lambda style: -style.label.priority):
            if style.label.farthest >= self._view.scale:
                self._label_layer(style, placement)

    def _label_layer(self, style: LayerStyle, placement: Placement) -> None:
        font = QFont(self._look.font)
        font.setPixelSize(style.label.size)
        for columns, index in self._sidecar.parts(style.table, self._view.box()):
            if style.table not in self._look.texts and (style.label.column != "name" or not len(columns.labels)):
                continue
            corners = columns.boxes[index].astype(float)
            low = self._view.screen_of(corners[:, :2].copy(), columns.origin)
            high = self._view.screen_of(corners[:, 2:].copy(), columns.origin)
            boxes = np.column_stack([low[:, 0], high[:, 1], high[:, 0], low[:, 1]])
            order = np.argsort(low[:, 0] - high[:, 0], kind="stable")
            for number, box in zip(index[order].tolist(), boxes[order].tolist(), strict=True):
                label = placement.put(self._candidates(style, columns, number, tuple(box), placement))
                if label is not None:
                    self._draw_label(label, font, halo=style.label.halo)

    def _candidates(
        self, style: LayerStyle, columns: Columns, number: int, box: Box, placement: Placement
    ) -> Iterator[Label]:
        """Yield where the label of a feature may go; what cannot be seen anyway is not measured."""
        left, top, right, bottom = box
        x, y = (left + right) / 2, (top + bottom) / 2
        is_out = not (0 <= x < self._view.width and 0 <= y < self._view.height)
        is_roomy = columns.is_area and max(right - left, bottom - top) > _ROOMY * style.label.size
        if (is_out or placement.is_taken(x, y)) and not is_roomy:
            return
        if is_out and (self._is_part or not self._is_on(columns, number, seen := self._in_view(box))):
            return
        text = self._text(style, columns, number)
        if not text:
            return
        width, height = label_size(text, self._look.font, style.label.size)
        for spot in places(seen if is_out else box, width, height) if is_roomy else ((x, y),):
            yield Label(text, *spot, width, height)

    def _in_view(self, box: Box) -> Box:
        left, top, right, bottom = box
        return max(left, 0.0), max(top, 0.0), min(right, self._view.width), min(bottom, self._view.height)

    def _is_on(self, columns: Columns, number: int, box: Box) -> bool:
        """Say whether the middle of a box lies on a feature."""
        east, north = self._view.to_world((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        return covers(columns, number, east, north)

    def _text(self, style: LayerStyle, columns: Columns, number: int) -> str:
        texts, uid = self._look.texts.get(style.table), columns.uids[number].decode()
        text = columns.label(number) if texts is None else texts.get(uid, "")
        mark = self._look.marks.get(uid, "") if text and style.table == "community" else ""
        return f"{mark} {text}" if mark else text

    def _draw_label(self, label: Label, font: QFont, *, halo: bool) -> None:
        theme = self._look.theme
        if not self._look.is_vector:
            edge_colour = theme.halo if halo else ""
            picture = label_picture(label.text, font.family(), font.pixelSize(), theme.text, edge_colour)
            corner = QPointF(round(label.x - picture.width() / 2), round(label.y - picture.height() / 2))
            self._painter.drawImage(corner, picture)
            return
        path = QPainterPath()
        metrics = QFontMetricsF(font)
        baseline = label.y + (metrics.ascent() - metrics.descent()) / 2
        path.addText(QPointF(label.x - label.width / 2 + 3, baseline), font, label.text)
        path.setFillRule(Qt.FillRule.WindingFill)  # strokes of one character overlap
        if halo:
            edge = QPen(QColor(theme.halo), 3)
            edge.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            self._painter.strokePath(path, edge)
        self._painter.fillPath(path, QBrush(QColor(theme.text)))


def _shade(colour: str, opacity: float) -> QColor:
    shade = QColor(colour)
    shade.setAlphaF(min(max(opacity, 0.0), 1.0))
    return shade
