"""What floats over the map: scale bar, north arrow, the cross of the keyboard, the line that says what to do."""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from fieldsurvey.i18n import _
from layers.columns import Columns
from layers.picking import Hit
from layers.style import Theme
from layers.viewport import Viewport, bar_length
from ui import shown
from ui.map.paths import paths

_HINT_HEIGHT, _HINT_SIDE, _BELOW_HINT = 28, 12, 34  # px; below it lies the scale bar
_HINT_FLAGS = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap


def paint_outlines(painter: QPainter, view: Viewport, colour: QColor, features: list[tuple[Columns, int]]) -> None:
    """Paint the outlines of the selected features."""
    pen = QPen(colour, 3)
    for columns, number in features:
        mm, counts, owners = columns.vertices(np.array([number]), coarse=False)
        spots = view.screen_of(mm, columns.origin)
        if len(spots) == 1:
            painter.setPen(pen)
            painter.drawEllipse(QPointF(*spots[0].tolist()), 9, 9)
        for path in paths(spots, counts, owners):
            painter.strokePath(path, pen)


def tip(hits: Sequence[Hit], told_of: Callable[[str], str]) -> str:
    """Return what is told of the things under the pointer: the first of them, and the community."""
    from fieldsurvey.model.assets import layer_label

    lines = [f"{layer_label(hit.table)} {hit.label}" for hit in hits[:3] if hit.table != "community"]
    community = next((hit.uid for hit in hits if hit.table == "community"), "")
    return "<br>".join([*lines, *filter(None, [told_of(community) if community else ""])])


def paint_bar(painter: QPainter, view: Viewport, theme: Theme, font: QFont) -> None:
    """Paint the scale bar and the scale."""
    length, pixels = bar_length(view.metres)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    left, base = 16, view.height - 18
    told = f"{text}   {shown.scale(view.scale)}"
    wide = QFontMetrics(_small(font)).horizontalAdvance(told)
    painter.fillRect(left - 6, base - 13, pixels + wide + 22, 23, _ground(theme))
    corners = [QPoint(left, base - 5), QPoint(left, base), QPoint(left + pixels, base), QPoint(left + pixels, base - 5)]
    painter.setPen(QPen(QColor(theme.text), 2))
    painter.drawPolyline(corners)
    painter.setFont(_small(font))
    painter.drawText(left + pixels + 8, base + 4, told)


def paint_north(painter: QPainter, view: Viewport, theme: Theme, font: QFont) -> None:
    """Paint the north arrow."""
    x, y = view.width - 30, 16
    painter.fillRect(x - 14, y - 6, 28, 48, _ground(theme))
    painter.setPen(QPen(QColor(theme.text), 1))
    painter.setBrush(QColor(theme.text))
    painter.drawPolygon([QPoint(x, y), QPoint(x - 7, y + 22), QPoint(x, y + 17)])
    painter.setBrush(QColor(theme.halo))
    painter.drawPolygon([QPoint(x, y), QPoint(x + 7, y + 22), QPoint(x, y + 17)])
    painter.setFont(_small(font))
    painter.drawText(QRectF(x - 12, y + 22, 24, 18), Qt.AlignmentFlag.AlignCenter, _("N"))


def paint_cross(painter: QPainter, view: Viewport, theme: Theme) -> None:
    """Paint the cross that the space bar clicks at."""
    x, y = view.width // 2, view.height // 2
    for colour, width in ((theme.halo, 4), (theme.selection, 2)):
        painter.setPen(QPen(QColor(colour), width))
        painter.drawLine(x - 12, y, x + 12, y)
        painter.drawLine(x, y - 12, x, y + 12)


def hint_strip(view: Viewport, font: QFont, text: str) -> QRect:
    """Return the pixels of the strip that tells the steps of a tool: as many lines as the window's width asks for."""
    room = QRect(0, 0, view.width - 2 * _HINT_SIDE, view.height)
    needed = QFontMetrics(_small(font)).boundingRect(room, int(_HINT_FLAGS), text).height() + 10
    height = max(needed, _HINT_HEIGHT)
    return QRect(0, view.height - height - _BELOW_HINT, view.width, height)


def paint_hint(painter: QPainter, view: Viewport, theme: Theme, font: QFont, text: str) -> None:
    """Paint the strip at the lower edge that tells the steps of a tool."""
    strip = hint_strip(view, font, text)
    painter.fillRect(strip, _ground(theme))
    painter.setPen(QColor(theme.text))
    painter.setFont(_small(font))
    painter.drawText(strip.adjusted(_HINT_SIDE, 0, -_HINT_SIDE, 0), int(_HINT_FLAGS), text)


def _ground(theme: Theme) -> QColor:
    """Return what stands below words over the map, whatever is drawn there."""
    ground = QColor(theme.halo)
    ground.setAlpha(225)
    return ground


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(13)
    return small
