"""The labels of a view: where they go, and their pictures."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from layers.columns import Columns
from layers.labels import Box, Ground, Label, Placement, places
from layers.picking import covers
from layers.sidecar import Sidecar
from layers.symbology import LayerStyle
from layers.viewport import Viewport
from ui.map.symbols import label_picture, label_size

if TYPE_CHECKING:
    from ui.map.painter import Look

_ROOMY = 4  # heights of a label: a feature so large may have it beside its middle
_MOST_WISHES = 3_000  # labels of a layer for which the more important ones make room


class _Feature(NamedTuple):
    """A feature that may get a label.

    Attributes:
        columns, number: The feature.
        box: Its box, px.
        is_out: Whether its middle is not in view.
        is_roomy: Whether the label may lie beside its middle.
    """

    columns: Columns
    number: int
    box: Box
    is_out: bool
    is_roomy: bool


class Labelling:
    """Places and draws the labels of all layers of a view, the important first."""

    def __init__(self, painter: QPainter, sidecar: Sidecar, view: Viewport, look: "Look", *, is_part: bool) -> None:
        self._painter, self._sidecar, self._view, self._look = painter, sidecar, view, look
        self._is_part = is_part
        self._placement = Placement(view.width, view.height)

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
        view = self._view
        for columns, index in self._sidecar.parts(style.table, view.box()):
            if style.table not in self._look.texts and (style.label.column != "name" or not len(columns.labels)):
                continue
            corners = columns.boxes_of(index).astype(float)
            low = view.screen_of(corners[:, :2].copy(), columns.origin)
            high = view.screen_of(corners[:, 2:].copy(), columns.origin)
            boxes = np.column_stack([low[:, 0], high[:, 1], high[:, 0], low[:, 1]])
            middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
            is_out = np.asarray(~((middle >= 0) & (middle < [view.width, view.height])).all(axis=1))
            least = _ROOMY * style.label.size if columns.is_area else np.inf
            is_roomy = np.asarray(sides.max(axis=1) > least)
            order = np.argsort(-sides[:, 0], kind="stable")
            order = order[(is_roomy | ~is_out)[order]]
            listed = zip(
                index[order].tolist(), boxes[order].tolist(), is_out[order].tolist(), is_roomy[order].tolist(),
                strict=True,
            )  # fmt: skip
            found += [_Feature(columns, number, tuple(box), out, roomy) for number, box, out, roomy in listed]
        return found

    def _candidates(self, style: LayerStyle, feature: _Feature) -> Iterator[Label]:
        """Yield where the label of a feature may go; what cannot be seen anyway is not measured."""
        left, top, right, bottom = box = feature.box
        x, y = (left + right) / 2, (top + bottom) / 2
        if not feature.is_roomy and self._placement.is_taken(x, y):
            return
        if feature.is_out:
            box = self._in_view(box)
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            if self._is_part or not self._is_on(feature, *middle):
                return
        text = self._text(style, feature)
        if not text:
            return
        width, height = label_size(text, self._look.font, style.label.size)
        if not feature.is_roomy:
            yield Label(text, x, y, width, height)
            return
        for number, (x, y) in enumerate(places(box, width, height)):
            label = Label(text, x, y, width, height)
            if not number or (self._placement.has_room(label) and self._is_on(feature, x, y)):
                yield label

    def _in_view(self, box: Box) -> Box:
        left, top, right, bottom = box
        return max(left, 0.0), max(top, 0.0), min(right, self._view.width), min(bottom, self._view.height)

    def _is_on(self, feature: _Feature, x: float, y: float) -> bool:
        """Say whether a pixel lies on a feature."""
        return covers(feature.columns, feature.number, *self._view.to_world(x, y))

    def _text(self, style: LayerStyle, feature: _Feature) -> str:
        texts = self._look.texts.get(style.table)
        is_marked = style.table == "community" and bool(self._look.marks)
        if texts is None and not is_marked:
            return feature.columns.label(feature.number)
        uid = feature.columns.uids[feature.number].decode()
        text = feature.columns.label(feature.number) if texts is None else texts.get(uid, "")
        mark = self._look.marks.get(uid, "") if text and is_marked else ""
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
