"""The labels of a view: where they go, and their pictures."""

import math
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QTransform

from layers.along import along
from layers.columns import LINE, POINT, Columns
from layers.labels import Box, Ground, Label, Placement, places
from layers.picking import covers
from layers.raw_types import Floats, Ints
from layers.sidecar import Sidecar
from layers.spots import Bools, SpotCache
from layers.symbology import LayerStyle
from layers.viewport import Viewport
from ui.map.symbols import label_picture, label_size

if TYPE_CHECKING:
    from ui.map.painter import Look

_ROOMY = 4  # heights of a label: a feature so large may have it beside its middle
_ANYWHERE = (-np.inf, -np.inf, np.inf, np.inf)  # what is not seen may have its label where it likes
_AIR = 4.0  # px of the box of a label, in width and height, that stay empty: they may lie over an edge
_MOST_WISHES = 3_000  # labels of a layer for which the more important ones make room


class _Feature(NamedTuple):
    """A feature that may get a label.

    Attributes:
        columns, number: The feature.
        box: Its box, px.
        is_out: Whether a part of it is to be seen in the window, but not its middle.
        is_roomy: Whether the label may lie beside its middle.
        reach: How far its middle is from the edges of the window, px.
        spot: Where its label lies wholly inside it, with most room around; None if nowhere.
    """

    columns: Columns
    number: int
    box: Box
    is_out: bool
    is_roomy: bool
    reach: float
    spot: tuple[float, float] | None


class Labelling:
    """Places and draws the labels of all layers of a view, the important first."""

    def __init__(
        self,
        painter: QPainter,
        sidecar: Sidecar,
        view: Viewport,
        look: "Look",
        window: Viewport | None = None,
        known: SpotCache | None = None,
    ) -> None:
        """Label a view.

        Args:
            painter: Where it is drawn.
            sidecar: The layers.
            view: What is drawn.
            look: How.
            window: What of it a person sees: names of what its edges cut are put where they are whole; None: all.
            known: Spots of the view before; takes those of this one.
        """
        self._known = known or SpotCache()
        self._painter, self._sidecar, self._view, self._look = painter, sidecar, view, look
        self._placement = Placement(view.width, view.height)
        west, south, east, north = (window or view).box()
        self._window: Box = (*view.to_screen(west, north), *view.to_screen(east, south))

    def draw(self) -> None:
        """Draw them."""
        styles = [s for s in self._look.styles.values() if s.label.column and s.is_drawn_at(self._view.scale)]
        shown = [style for style in styles if style.label.farthest >= self._view.scale]
        layers = [(s, self._features(s)) for s in sorted(shown, key=lambda style: -style.label.priority)]
        for (style, features), wishes in zip(layers, self._wishes(layers), strict=True):
            font = QFont(self._look.font)
            font.setPixelSize(style.label.size)
            for feature in features:
                label = self._placement.put(self._candidates(style, feature), wishes)
                if label is not None:
                    self._draw_label(label, font, halo=style.label.halo)

    def _wishes(self, layers: list[tuple[LayerStyle, list[_Feature]]]) -> list[Ground | None]:
        """Return for each layer where the labels of the less important ones would like to be."""
        found: list[Ground | None] = [None]
        ground = Ground(self._view.width, self._view.height)
        for style, features in reversed(layers[1:]):
            if len(features) <= _MOST_WISHES:
                for feature in features:
                    label = next(self._candidates(style, feature), None)
                    cells = None if label is None else ground.cells(label)
                    if cells is not None:
                        ground.mark(cells)
            found.append(ground.copy())
        return found[::-1] if layers else []

    def _features(self, style: LayerStyle) -> list[_Feature]:
        """Return the features of a layer that may get a label, the widest first."""
        found: list[_Feature] = []
        for columns, index in self._sidecar.parts(style.table, self._view.box()):
            if style.table not in self._look.texts and (style.label.column != "name" or not len(columns.labels)):
                continue
            boxes = self._boxes(columns, index)
            middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
            window = np.array(self._window)
            is_seen = np.asarray(((boxes[:, :2] < window[2:]) & (boxes[:, 2:] > window[:2])).all(axis=1))
            is_out = np.asarray(is_seen & ~((middle >= window[:2]) & (middle < window[2:])).all(axis=1))
            least = _ROOMY * style.label.size if columns.is_area else np.inf
            is_roomy = np.asarray(sides.max(axis=1) > least)
            could, spots = self._spots(style, columns, index, boxes, is_seen)
            spot_of = dict(zip(could.tolist(), map(tuple, spots.tolist()), strict=True))
            wanted = is_roomy | ~is_out
            wanted[could] = True
            order = np.argsort(-sides[:, 0], kind="stable")
            order = order[wanted[order]]
            reach = np.abs(middle[:, [0, 0, 1, 1]] - window[[0, 2, 1, 3]]).min(axis=1)
            listed = (each[order].tolist() for each in (index, boxes, is_out, is_roomy, reach))
            for place, number, box, out, roomy, far in zip(order.tolist(), *listed, strict=True):
                found.append(_Feature(columns, number, tuple(box), out, roomy, far, spot_of.get(place)))
        return found

    def _boxes(self, columns: Columns, index: Ints) -> Floats:
        """Return left, top, right, bottom of features, px, shape (n, 4)."""
        corners = columns.boxes_of(index).astype(float)
        low = self._view.screen_of(corners[:, :2].copy(), columns.origin)
        high = self._view.screen_of(corners[:, 2:].copy(), columns.origin)
        return np.column_stack([low[:, 0], high[:, 1], high[:, 0], low[:, 1]])

    def _spots(
        self, style: LayerStyle, columns: Columns, index: Ints, boxes: Floats, is_seen: Bools
    ) -> tuple[Ints, Floats]:
        """Return which features (places in index) hold their labels, and where these have most room, px."""
        none = np.empty(0, np.int64), np.empty((0, 2))
        if not columns.is_area:
            return none
        frames = np.where(is_seen[:, None], self._window, _ANYWHERE)
        sides = np.minimum(boxes[:, 2:], frames[:, 2:]) - np.maximum(boxes[:, :2], frames[:, :2])
        high = label_size("", self._look.font, style.label.size)[1] - _AIR
        could = np.flatnonzero((sides[:, 1] >= high) & (sides[:, 0] >= style.label.size))
        could = could[sides[could, 0] >= self._least_wide(style, columns, index[could])]
        if not len(could):
            return none
        wide = [self._size(self._text(style, columns, number), style)[0] - _AIR for number in index[could].tolist()]
        sizes = np.column_stack([np.array(wide), np.full(len(wide), high)])
        fits = (sizes[:, 0] <= sides[could, 0]) & (sizes[:, 0] > 0)
        could, sizes = could[fits], sizes[fits]
        is_cut = (sides[could] < boxes[could, 2:] - boxes[could, :2]).any(axis=1)
        left, top, right, bottom = self._window
        window = left + _AIR / 2, top + _AIR / 2, right - _AIR / 2, bottom - _AIR / 2
        spots = self._known.spots(columns, index[could], self._view, window, sizes, is_cut)
        fits = ~np.isnan(spots[:, 0])
        return could[fits], spots[fits]

    def _least_wide(self, style: LayerStyle, columns: Columns, index: Ints) -> Floats | float:
        """Return a width, px, that the labels of features have at least; quicker than measuring them."""
        if style.table in self._look.texts:
            return style.label.size / 3
        return np.asarray(np.strings.str_len(columns.labels[index]) * (style.label.size / 3))

    def _size(self, text: str, style: LayerStyle) -> tuple[float, float]:
        return label_size(text, self._look.font, style.label.size) if text else (0.0, 0.0)

    def _candidates(self, style: LayerStyle, feature: _Feature) -> Iterator[Label]:
        """Yield where the label of a feature may go; what cannot be seen anyway is not measured."""
        left, top, right, bottom = feature.box
        x, y = feature.spot or ((left + right) / 2, (top + bottom) / 2)
        if not feature.is_roomy and self._placement.is_taken(x, y):
            return
        text = self._text(style, feature.columns, feature.number)
        if not text:
            return
        if feature.columns.kind == LINE:
            yield from self._along(style, feature, text)
            return
        if feature.columns.kind == POINT:
            yield from self._beside(style, (x, y), text)
            return
        first = Label(text, x, y, *self._size(text, style))
        if feature.spot is not None or (not feature.is_out and self._is_uncut(first, feature.reach)):
            yield first
        if feature.is_roomy:
            yield from self._others(feature, first)

    def _along(self, style: LayerStyle, feature: _Feature, text: str) -> Iterator[Label]:
        """Yield where the label of a line lies along it: on its longest part that has room."""
        width, height = self._size(text, style)
        mm, counts, _owners = feature.columns.vertices(np.array([feature.number]), coarse=False)
        ends = np.cumsum(counts)
        spots = self._view.screen_of(mm, feature.columns.origin)
        parts = [spots[first:last] for first, last in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)]
        frame = self._window if self._is_seen(feature.box) else (0.0, 0.0, self._view.width, self._view.height)
        for part in sorted(parts, key=len, reverse=True):
            found = along(part, frame, width)
            if found is not None:
                turn = math.radians(found.angle)
                high, wide = abs(math.sin(turn)), abs(math.cos(turn))
                ground = width * wide + height * high, width * high + height * wide
                yield Label(text, found.x, found.y, *ground, found.angle)

    def _beside(self, style: LayerStyle, spot: tuple[float, float], text: str) -> Iterator[Label]:
        """Yield where the label of a point stands: above it, below it, and at its sides, so that both are seen."""
        width, height = self._size(text, style)
        symbols = style.symbols(self._view.scale)
        away = max((symbol.size if symbol.shape else 0.0 for symbol in symbols), default=0.0) / 2 + 1
        beside, above = width / 2 + away, height / 2 + away
        for x, y in ((0.0, -above), (beside, 0.0), (0.0, above), (-beside, 0.0)):
            label = Label(text, spot[0] + x, spot[1] + y, width, height)
            if self._is_uncut(label):
                yield label

    def _others(self, feature: _Feature, first: Label) -> Iterator[Label]:
        """Yield where else the label of a large feature may go: wholly inside it if it can be, else on it."""
        if feature.spot is not None:
            inside = list(self._inside(feature, first))
            yield from inside
            if inside or self._is_free(first):
                return
        box = self._in_window(feature.box) if feature.is_out else feature.box
        middle = self._moved_in(first, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        if middle is not None and self._is_seen(feature.box) and self._is_on(feature, *middle):
            yield first._replace(x=middle[0], y=middle[1])
        for x, y in islice(places(box, first.width, first.height), 1, None):  # after the middle
            label = Label(first.text, x, y, first.width, first.height)
            if self._is_free(label) and self._is_on(feature, x, y):
                yield label

    def _inside(self, feature: _Feature, first: Label) -> Iterator[Label]:
        """Yield the free places about the middle at which a label lies wholly inside its feature."""
        box = self._in_window(feature.box) if self._is_seen(feature.box) else feature.box
        ink = first.width - _AIR, first.height - _AIR
        for x, y in self._known.inside(feature.columns, feature.number, self._view, box, ink):
            label = first._replace(x=x, y=y)
            if self._is_free(label):
                yield label

    def _moved_in(self, label: Label, x: float, y: float) -> tuple[float, float] | None:
        """Return where the window shows a label whole as near to its place as can be; None if it is there already."""
        left, top, right, bottom = self._window
        moved = (
            min(max(x, left + label.width / 2), right - label.width / 2),
            min(max(y, top + label.height / 2), bottom - label.height / 2),
        )
        return None if moved == (label.x, label.y) else moved

    def _is_free(self, label: Label) -> bool:
        return self._placement.has_room(label) and self._is_uncut(label)

    def _in_window(self, box: Box) -> Box:
        left, top, right, bottom = self._window
        return max(box[0], left), max(box[1], top), min(box[2], right), min(box[3], bottom)

    def _is_seen(self, box: Box) -> bool:
        left, top, right, bottom = self._window
        return box[0] < right and box[2] > left and box[1] < bottom and box[3] > top

    def _is_uncut(self, label: Label, reach: float = 0.0) -> bool:
        """Say whether the edge of the window, which is at least so many pixels away, does not cut a label."""
        half_w, half_h = label.width / 2, label.height / 2
        if half_w <= reach and half_h <= reach:
            return True
        left, top, right, bottom = self._window
        x0, x1, y0, y1 = label.x - half_w, label.x + half_w, label.y - half_h, label.y + half_h
        return not self._is_seen((x0, y0, x1, y1)) or (x0 >= left and x1 <= right and y0 >= top and y1 <= bottom)

    def _is_on(self, feature: _Feature, x: float, y: float) -> bool:
        """Say whether a pixel lies on a feature."""
        return covers(feature.columns, feature.number, *self._view.to_world(x, y))

    def _text(self, style: LayerStyle, columns: Columns, number: int) -> str:
        texts = self._look.texts.get(style.table)
        is_marked = style.table == "community" and bool(self._look.marks)
        if texts is None and not is_marked:
            return columns.label(number)
        uid = columns.uids[number].decode()
        text = columns.label(number) if texts is None else texts.get(uid, "")
        mark = self._look.marks.get(uid, "") if text and is_marked else ""
        return f"{mark} {text}" if mark else text

    def _draw_label(self, label: Label, font: QFont, *, halo: bool) -> None:
        theme = self._look.theme
        if not self._look.is_vector:
            edge_colour = theme.halo if halo else ""
            picture = label_picture(label.text, font.family(), font.pixelSize(), theme.text, edge_colour)
            self._draw_picture(label, picture)
            return
        path = QPainterPath()
        metrics = QFontMetricsF(font)
        baseline = label.y + (metrics.ascent() - metrics.descent()) / 2
        path.addText(QPointF(label.x - metrics.horizontalAdvance(label.text) / 2, baseline), font, label.text)
        if label.angle:
            path = _about(label).map(path)
        path.setFillRule(Qt.FillRule.WindingFill)  # strokes of one character overlap
        if halo:
            edge = QPen(QColor(theme.halo), 3)
            edge.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            self._painter.strokePath(path, edge)
        self._painter.fillPath(path, QBrush(QColor(theme.text)))

    def _draw_picture(self, label: Label, picture: QImage) -> None:
        left, top = label.x - picture.width() / 2, label.y - picture.height() / 2
        if not label.angle:
            self._painter.drawImage(QPointF(round(left), round(top)), picture)
            return
        self._painter.save()
        self._painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._painter.setTransform(_about(label), combine=True)
        self._painter.drawImage(QPointF(left, top), picture)
        self._painter.restore()


def _about(label: Label) -> QTransform:
    """Return the turn of a label about its middle."""
    return QTransform.fromTranslate(label.x, label.y).rotate(label.angle).translate(-label.x, -label.y)
