"""Draws one view of a side-car into an image. Runs in the render thread; knows no widgets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from layers.columns import Columns
from layers.labels import Label, Placement
from layers.raw_types import Ints
from layers.sidecar import Sidecar
from layers.style import LAYERS, NO_VALUE, STATES, Style, Theme
from layers.viewport import Viewport
from ui.map.paths import paths

_FILL_CHUNK, _LINE_CHUNK, _WIDE_CHUNK = 64, 300, 20
_PIECE = 4096  # features between two looks at the cancel flag
_COARSE_FROM = 3.0  # m per pixel from which the simplified level is drawn
_OVERVIEW_FROM = 90_000  # scale denominator from which a community is only a dot
_OUTLINE_FROM = 0.6  # px: below, buildings are drawn without outline


class Cancelled(Exception):
    """A newer view is wanted."""


@dataclass(frozen=True, slots=True)
class Look:
    """What decides the picture besides the view.

    Attributes:
        theme: Colours around the layers.
        hidden: Tables that are switched off.
        fills: Community uid -> fill colour.
        marks: Community uid -> mark drawn before its name.
        font: Family of the labels.
    """

    theme: Theme = field(default_factory=Theme)
    hidden: frozenset[str] = frozenset()
    fills: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    font: str = ""


def draw(image: QImage, sidecar: Sidecar, view: Viewport, look: Look, stop: Callable[[], bool]) -> None:
    """Draw a view into an image of the view's size.

    Raises:
        Cancelled: If stop() became true; the image is unfinished then.
    """
    image.fill(QColor(look.theme.ground))
    painter = QPainter(image)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scene = _Scene(painter, sidecar, view, look, stop)
        for style in LAYERS:
            if style.table in sidecar.layers and style.table not in look.hidden and view.scale <= style.farthest:
                scene.layer(style)
        scene.labels()
    finally:
        painter.end()


class _Scene:
    def __init__(
        self, painter: QPainter, sidecar: Sidecar, view: Viewport, look: Look, stop: Callable[[], bool]
    ) -> None:
        self._painter, self._sidecar, self._view, self._look, self._stop = painter, sidecar, view, look, stop

    def _check(self) -> None:
        if self._stop():
            raise Cancelled

    def layer(self, style: Style) -> None:
        columns = self._sidecar.layers[style.table]
        index = columns.visible(self._view.box(12))
        for start in range(0, len(index), _PIECE):
            self._check()
            piece = index[start : start + _PIECE]
            if style.symbol:
                self._points(style, columns, piece)
            elif style.table == "community":
                self._communities(style, columns, piece)
            else:
                self._shapes(style, columns, piece)

    def _shapes(self, style: Style, columns: Columns, index: Ints) -> None:
        coarse = self._view.metres >= _COARSE_FROM
        if style.fill:
            classes = columns.klass[index]
            colours = [style.fill, *style.by_kind.values()]
            for number in np.unique(classes).tolist():
                self._fill(columns, index[classes == number], QColor(colours[number]), coarse=coarse)
        if style.line and not (style.fill and style.width / self._view.metres < _OUTLINE_FROM):
            self._stroke(columns, index, style.line, self._width(style), coarse=coarse)

    def _width(self, style: Style) -> float:
        """Return the line width in px; streets keep their width on the ground when near."""
        if style.table in {"road", "internal_road"}:
            return float(min(max(style.width * 3.0 / self._view.metres, 1.0), 40.0))
        return style.width if self._view.metres < 2.0 else 1.0

    def _fill(self, columns: Columns, index: Ints, colour: QColor, *, coarse: bool) -> None:
        brush = QBrush(colour)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for path in self._paths(columns, index, _FILL_CHUNK, coarse=coarse):
            self._painter.fillPath(path, brush)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)

    def _stroke(self, columns: Columns, index: Ints, colour: str, width: float, *, coarse: bool) -> None:
        pen = QPen(QColor(colour), width)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        chunk = _LINE_CHUNK if width <= 1.0 else _WIDE_CHUNK
        for path in self._paths(columns, index, chunk, coarse=coarse):
            self._painter.strokePath(path, pen)

    def _paths(self, columns: Columns, index: Ints, chunk: int, *, coarse: bool) -> "list[QPainterPath]":
        self._check()
        mm, counts, owners = columns.vertices(index, coarse=coarse)
        return list(paths(self._view.screen_of(mm, columns.origin), counts, owners, chunk))

    def _communities(self, style: Style, columns: Columns, index: Ints) -> None:
        """Fill each community by its value; one path each, there are few."""
        uids = [uid.decode() for uid in columns.uids[index].tolist()]
        colours = np.array([self._look.fills.get(uid, NO_VALUE) for uid in uids])
        coarse = self._view.metres >= _COARSE_FROM
        for colour in np.unique(colours).tolist():
            shade = QColor(colour)
            shade.setAlpha(self._look.theme.fill_alpha if self._view.scale < 25_000 else 255)
            self._fill(columns, index[colours == colour], shade, coarse=coarse)
        if self._view.scale > _OVERVIEW_FROM:
            self._overview(columns, index, colours)
            return
        line = style.line if self._look.theme.ground != "#FFFFFF" else "#000000"
        self._stroke(columns, index, line, style.width if self._view.scale < 40_000 else 1.0, coarse=coarse)

    def _overview(self, columns: Columns, index: Ints, colours: "np.ndarray[tuple[int], np.dtype[np.str_]]") -> None:
        """Draw communities that would vanish as dots of their colour."""
        for (east, north), colour in zip(columns.centres(index).tolist(), colours.tolist(), strict=True):
            x, y = self._view.to_screen(east, north)
            self._painter.setPen(QPen(QColor(self._look.theme.halo), 0.8))
            self._painter.setBrush(QColor(colour))
            self._painter.drawEllipse(QPointF(x, y), 3.5, 3.5)

    def _points(self, style: Style, columns: Columns, index: Ints) -> None:
        mm, _counts, _owners = columns.vertices(index, coarse=False)
        spots = self._view.screen_of(mm, columns.origin)
        colours = [style.fill, *style.by_kind.values()]
        stamps = {number: stamp(style, colours[number]) for number in np.unique(columns.klass[index]).tolist()}
        half = next(iter(stamps.values())).width() / 2 if stamps else 0.0
        for (x, y), number in zip(spots.tolist(), columns.klass[index].tolist(), strict=False):
            self._painter.drawImage(QPointF(x - half, y - half), stamps[number])

    # --- labels --------------------------------------------------------------------------------------------------

    def labels(self) -> None:
        """Place and draw the labels of all layers, communities first."""
        self._check()
        wanted: list[Label] = []
        for style in sorted(LAYERS, key=lambda style: -style.label_size):
            if style.label_farthest >= self._view.scale and style.table not in self._look.hidden:
                wanted += self._wanted(style)
        placement = Placement(self._view.width, self._view.height)
        fonts = {style.table: self._font(style) for style in LAYERS if style.label_farthest}
        for label in placement.place(wanted):
            self._draw_label(label, fonts[label.layer])

    def _font(self, style: Style) -> QFont:
        font = QFont(self._look.font)
        font.setPixelSize(style.label_size)
        return font

    def _wanted(self, style: Style) -> list[Label]:
        columns = self._sidecar.layers.get(style.table)
        if columns is None or not len(columns.labels):
            return []
        index = columns.visible(self._view.box())
        sizes = columns.boxes[index, 2] - columns.boxes[index, 0]
        index = index[np.argsort(-sizes, kind="stable")]
        metrics = QFontMetricsF(self._font(style))
        found: list[Label] = []
        for number, (east, north) in zip(index.tolist(), columns.centres(index).tolist(), strict=True):
            text = str(columns.labels[number])
            if text:
                mark = self._look.marks.get(columns.uids[number].decode(), "") if style.table == "community" else ""
                shown = f"{mark} {text}" if mark else text
                x, y = self._view.to_screen(east, north)
                found.append(Label(shown, x, y, metrics.horizontalAdvance(shown) + 6, metrics.height(), style.table))
        return found

    def _draw_label(self, label: Label, font: QFont) -> None:
        theme = self._look.theme
        path = QPainterPath()
        metrics = QFontMetricsF(font)
        baseline = label.y + (metrics.ascent() - metrics.descent()) / 2
        path.addText(QPointF(label.x - label.width / 2 + 3, baseline), font, label.text)
        path.setFillRule(Qt.FillRule.WindingFill)  # strokes of one character overlap
        halo = QPen(QColor(theme.halo), 3)
        halo.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self._painter.strokePath(path, halo)
        self._painter.fillPath(path, QBrush(QColor(theme.text)))


_STAMPS: dict[tuple[str, str, float], QImage] = {}


def stamp(style: Style, colour: str) -> QImage:
    """Return the picture of a point symbol, drawn once."""
    key = (style.table, colour, style.size)
    if key not in _STAMPS:
        side = int(style.size) + 4
        image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colour))
        painter.setPen(QPen(QColor(style.line or "#FFFFFF"), 1.2))
        _symbol(painter, style.symbol, QRectF(2, 2, style.size, style.size))
        painter.end()
        _STAMPS[key] = image
    return _STAMPS[key]


def _symbol(painter: QPainter, shape: str, box: QRectF) -> None:
    if shape == "circle":
        painter.drawEllipse(box)
    elif shape == "square":
        painter.drawRect(box)
    elif shape == "triangle":
        painter.drawPolygon([QPointF(box.center().x(), box.top()), box.bottomRight(), box.bottomLeft()])
    else:
        middle = box.center()
        corners = [QPointF(middle.x(), box.top()), QPointF(box.right(), middle.y())]
        painter.drawPolygon([*corners, QPointF(middle.x(), box.bottom()), QPointF(box.left(), middle.y())])


def state_marks() -> dict[str, str]:
    """Return state -> mark, for labels that must not rely on colour alone."""
    return {state: mark for state, (_colour, mark, _word) in STATES.items()}
