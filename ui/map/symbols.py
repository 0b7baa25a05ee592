"""Pictures of symbols: on the map, in the legend, in the style editor."""

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPixmap

from layers.symbology import Symbol

SWATCH = (26, 16)  # px
_EDGE = 2  # px of halo around a label
_AROUND = [(x, y) for x in (-1.5, 0.0, 1.5) for y in (-1.5, 0.0, 1.5) if x or y]
_DASHES = {"dash": Qt.PenStyle.DashLine, "dot": Qt.PenStyle.DotLine}


@lru_cache(maxsize=512)
def stamp(symbol: Symbol) -> QImage:
    """Return the picture of a point symbol, drawn once. Its colours are whole; images may be drawn in any thread."""
    side = int(symbol.size) + 4
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(symbol.opacity)
    painter.setBrush(QColor(symbol.fill) if symbol.fill else Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(symbol.line or "#FFFFFF"), 1.2))
    draw_shape(painter, symbol.shape, QRectF(2, 2, symbol.size, symbol.size))
    painter.end()
    return image


@lru_cache(maxsize=64)
def spot(colour: str, halo: str) -> QImage:
    """Return the dot that a community is from afar."""
    image = QImage(9, 9, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(halo), 0.8))
    painter.setBrush(QColor(colour))
    painter.drawEllipse(QPointF(4.5, 4.5), 3.5, 3.5)
    painter.end()
    return image


@lru_cache(maxsize=16384)
def label_size(text: str, family: str, size: int) -> tuple[float, float]:
    """Return width and height of a label, px."""
    font = QFont(family)
    font.setPixelSize(size)
    metrics = QFontMetricsF(font)
    return metrics.horizontalAdvance(text) + 6, metrics.height()


@lru_cache(maxsize=8192)
def label_picture(text: str, family: str, size: int, colour: str, halo: str) -> QImage:
    """Return a label with its halo as a picture, drawn once: stroking the outlines of characters costs milliseconds."""
    font = QFont(family)
    font.setPixelSize(size)
    metrics = QFontMetricsF(font)
    image = QImage(
        math.ceil(metrics.horizontalAdvance(text)) + 2 * _EDGE + 2, math.ceil(metrics.height()) + 2 * _EDGE,
        QImage.Format.Format_ARGB32_Premultiplied,
    )  # fmt: skip
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(font)
    spot = QPointF(_EDGE + 1, _EDGE + metrics.ascent())
    if halo:
        painter.setPen(QColor(halo))
        for x, y in _AROUND:
            painter.drawText(spot + QPointF(x, y), text)
    painter.setPen(QColor(colour))
    painter.drawText(spot, text)
    painter.end()
    return image


def draw_shape(painter: QPainter, shape: str, box: QRectF) -> None:
    """Draw one of SHAPES into a box with the painter's pen and brush."""
    middle = box.center()
    if shape == "circle":
        painter.drawEllipse(box)
    elif shape == "square":
        painter.drawRect(box)
    elif shape == "triangle":
        painter.drawPolygon([QPointF(middle.x(), box.top()), box.bottomRight(), box.bottomLeft()])
    elif shape == "cross":
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.topRight(), box.bottomLeft())
    else:
        corners = [QPointF(middle.x(), box.top()), QPointF(box.right(), middle.y())]
        painter.drawPolygon([*corners, QPointF(middle.x(), box.bottom()), QPointF(box.left(), middle.y())])


def swatch(symbol: Symbol) -> QPixmap:
    """Return a small picture of a symbol for a list or legend."""
    picture = QPixmap(*SWATCH)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_swatch(painter, symbol, QRectF(1, 1, SWATCH[0] - 2, SWATCH[1] - 2))
    painter.end()
    return picture


def draw_swatch(painter: QPainter, symbol: Symbol, box: QRectF) -> None:
    """Draw a symbol as a legend shows it: a point, a piece of line, or a small area."""
    painter.save()
    painter.setOpacity(symbol.opacity)
    pen = QPen(QColor(symbol.line), min(symbol.width, 5.0)) if symbol.line else QPen(Qt.PenStyle.NoPen)
    pen.setStyle(_DASHES.get(symbol.dash, pen.style()))
    painter.setPen(pen)
    painter.setBrush(QColor(symbol.fill) if symbol.fill else Qt.BrushStyle.NoBrush)
    if symbol.shape:
        side = min(symbol.size, box.height())
        spot = QRectF(box.center().x() - side / 2, box.center().y() - side / 2, side, side)
        draw_shape(painter, symbol.shape, spot)
    elif symbol.fill:
        painter.drawRect(box)
    else:
        painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.right(), box.center().y()))
    painter.restore()
