"""A printed map: the view at a true scale as vector PDF or SVG, or as a picture, with all that a sheet needs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPageSize, QPainter, QPdfWriter, QPen, QPolygonF
from PySide6.QtSvg import QSvgGenerator

from exports.layers_out import SENSITIVE
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.legend import Key, keys
from layers.map_furniture import (
    BOLD,
    TEXT,
    Colour,
    Spot,
    Type,
    Window,
    Words,
    columns_of,
    draw_grid,
    draw_north,
    draw_strip,
    emptiest_corner,
    strip_height,
)
from layers.map_sheet import PX_PER_MM, MapSheet
from layers.sidecar import Sidecar
from layers.style import THEMES
from layers.symbology import LayerStyle
from layers.viewport import Viewport
from ui import shown
from ui.map.painter import Look, paint
from ui.map.symbols import draw_swatch

_PDF_DPI, _PNG_DPI = 1200, 300
_STREET = "#C9C9C9"
_POINT = 96 / 72  # units of the painter in one point
_STRIP = 96.0  # points: room for the strip below the map


def print_map(
    path: Path, sheet: MapSheet, sidecar: Sidecar, look: Look, stop: Callable[[], bool] = lambda: False
) -> None:
    """Write a sheet; the ending of the name says how: .pdf and .svg are vector, .png has 300 dpi.

    Raises:
        InputRefused: If the ending is another, or the file cannot be written.
        Cancelled: If stop() became true.
    """
    suffix = path.suffix.lower()
    part = path.with_name(f".part-{path.name}")
    if suffix not in {".pdf", ".svg", ".png"}:
        raise InputRefused(
            _("A map is written as .pdf, .svg or .png, not {suffix}.").format(suffix=suffix or path.name)
        )
    try:
        part.touch()
    except OSError as error:
        raise InputRefused(_("{file} cannot be written: {why}.").format(file=path, why=error.strerror)) from error
    try:
        _write(part, suffix, sheet, sidecar, look, stop)
        if not part.stat().st_size:
            raise InputRefused(
                _("{file} cannot be written. Check the folder and the space on the disk.").format(file=path)
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write(part: Path, suffix: str, sheet: MapSheet, sidecar: Sidecar, look: Look, stop: Callable[[], bool]) -> None:
    width, height = sheet.size
    if suffix == ".pdf":
        writer = QPdfWriter(str(part))
        writer.setPageSize(QPageSize(QSizeF(width, height), QPageSize.Unit.Millimeter))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        writer.setResolution(_PDF_DPI)
        writer.setTitle(sheet.title)
        _draw(QPainter(writer), _PDF_DPI / 96, sheet, sidecar, look, stop)
    elif suffix == ".svg":
        generator = QSvgGenerator()
        generator.setFileName(str(part))
        generator.setResolution(96)
        generator.setSize(QSizeF(width * PX_PER_MM, height * PX_PER_MM).toSize())
        generator.setViewBox(QRectF(0, 0, width * PX_PER_MM, height * PX_PER_MM))
        generator.setTitle(sheet.title)
        _draw(QPainter(generator), 1.0, sheet, sidecar, look, stop)
    else:
        zoom = _PNG_DPI / 96
        image = QImage(round(width * PX_PER_MM * zoom), round(height * PX_PER_MM * zoom), QImage.Format.Format_RGB32)
        image.setDotsPerMeterX(round(_PNG_DPI / 0.0254))
        image.setDotsPerMeterY(round(_PNG_DPI / 0.0254))
        image.fill(QColor("#FFFFFF"))
        _draw(QPainter(image), zoom, sheet, sidecar, look, stop)
        image.save(str(part))


def _draw(
    painter: QPainter, zoom: float, sheet: MapSheet, sidecar: Sidecar, look: Look, stop: Callable[[], bool]
) -> None:
    if not painter.isActive():
        raise InputRefused(_("The map cannot be written there. Check the folder and the space on the disk."))
    try:
        painter.scale(zoom, zoom)
        _Sheet(painter, sheet, look).draw(sidecar, stop)
    finally:
        painter.end()


def _on_white(style: LayerStyle) -> LayerStyle:
    """Return a style whose white lines are grey: paper is white, too."""
    if style.symbol.line.upper() != "#FFFFFF" or style.symbol.fill or style.symbol.shape:
        return style
    return replace(style, symbol=replace(style.symbol, line=_STREET))


class PaperPen:
    """Draws the furniture of a map with a painter whose unit is 1/96 inch, from the lower left corner of the map."""

    def __init__(self, painter: QPainter, family: str, corner: QPointF) -> None:
        self._painter, self._family, self._corner = painter, family, corner

    def spot(self, x: float, y: float) -> QPointF:
        """Return where a place in points is for the painter."""
        return QPointF(self._corner.x() + x * _POINT, self._corner.y() - y * _POINT)

    def line(self, spots: Sequence[Spot], colour: Colour, width: float) -> None:
        """Draw an open line."""
        self._painter.setPen(QPen(QColor.fromRgbF(*colour), width * _POINT))
        self._painter.drawPolyline(QPolygonF([self.spot(*each) for each in spots]))

    def area(self, spots: Sequence[Spot], fill: Colour | None, line: Colour | None, width: float = 0.5) -> None:
        """Draw a closed shape."""
        self._painter.setBrush(Qt.BrushStyle.NoBrush if fill is None else QColor.fromRgbF(*fill))
        no_line = QPen(Qt.PenStyle.NoPen)
        self._painter.setPen(no_line if line is None else QPen(QColor.fromRgbF(*line), width * _POINT))
        self._painter.drawPolygon(QPolygonF([self.spot(*each) for each in spots]))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def text(self, text: str, how: Type, x: float, baseline: float, align: str = "left") -> None:
        """Write a text."""
        wide = self.width(text, how)
        left = x - wide * {"centre": 0.5, "right": 1.0}.get(align, 0.0)
        self._painter.setFont(self._font(how))
        self._painter.setPen(QColor.fromRgbF(*how.colour))
        self._painter.drawText(self.spot(left, baseline), text)

    def width(self, text: str, how: Type) -> float:
        """Return how wide a text is, in points."""
        return QFontMetricsF(self._font(how)).horizontalAdvance(text) / _POINT

    def _font(self, how: Type) -> QFont:
        font = QFont(self._family)
        font.setPixelSize(max(round(how.size * _POINT), 1))
        font.setBold(how.face == BOLD)
        return font


class _Sheet:
    """Draws one sheet in units of 1/96 inch."""

    def __init__(self, painter: QPainter, sheet: MapSheet, look: Look) -> None:
        self._painter, self._sheet = painter, sheet
        styles = {table: _on_white(style) for table, style in look.styles.items()}
        self._look = replace(look, theme=replace(THEMES["light"], ground="#FFFFFF"), styles=styles, is_vector=True)
        self._view: Viewport = sheet.view()
        left, top, _width, _height = (mm * PX_PER_MM for mm in sheet.frame)
        self._frame = QRectF(left, top, self._view.width, self._view.height)
        self._pen = PaperPen(painter, look.font, self._frame.bottomLeft())

    def draw(self, sidecar: Sidecar, stop: Callable[[], bool]) -> None:
        painter, window = self._painter, self._sheet.window()
        words = Words(_("Legend"), _("N"), _("m"), _("Scale"))
        painter.save()
        try:
            painter.translate(self._frame.topLeft())
            painter.setClipRect(QRectF(0, 0, self._frame.width(), self._frame.height()))
            seen = paint(painter, sidecar, self._view, self._look, stop)
        finally:
            painter.restore()
        draw_north(self._pen, words, *emptiest_corner(self._drawn(sidecar), window))
        draw_grid(self._pen, window, crosses=True)
        self._border(self._frame)
        self._title()
        self._strip(keys(self._look.styles, seen, self._view.scale, self._look.theme), words, window)

    def _drawn(self, sidecar: Sidecar) -> Any:  # noqa: ANN401 - an array of geometries
        """Return the boxes of what is drawn: where the least of it stands, the north arrow does."""
        boxes = [np.empty((0, 4))]
        for style in self._look.styles.values():
            if style.is_drawn_at(self._view.scale) and style.table != "community":
                for columns, index in sidecar.parts(style.table, self._view.box()):
                    boxes.append(columns.boxes[index] / 1e3 + np.array([*columns.origin, *columns.origin]))
        return shapely.box(*np.concatenate(boxes).T)

    def _border(self, frame: QRectF) -> None:
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(QColor("#000000"), 1.2))
        self._painter.drawRect(frame)

    def _title(self) -> None:
        middle, above = self._frame.width() / _POINT / 2, self._frame.height() / _POINT + 14
        self._pen.text(self._sheet.title, Type(BOLD, 15.0), middle, above, "centre")
        self._pen.text(self._sheet.remark, Type(TEXT, 9.0), middle * 2, above, "right")

    def _strip(self, found: Sequence[Key], words: Words, window: Window) -> None:
        """Draw the strip below the map, with as much of the legend as there is room for."""
        columns = columns_of(window.width)
        rows = max(n for n in range(1, 40) if strip_height(n * columns, columns) <= _STRIP)
        entries = [partial(self._entry, key) for key in found[: rows * columns]]
        lines = [self._sheet.crs_line]
        if any(key.table in SENSITIVE for key in found):
            lines.append(_("Pipelines: internal use only"))
        day = _("Printed {day}").format(day=shown.day(datetime.now(UTC).astimezone().date(), is_long=True))
        notes = ("   ".join(lines), day)
        draw_strip(self._pen, words, (0.0, 0.0, window.width), window.scale, notes, entries, columns)
        height = strip_height(len(entries), columns) * _POINT
        self._border(self._frame.adjusted(0, 0, 0, height))

    def _entry(self, key: Key, x: float, baseline: float) -> None:
        corner = self._pen.spot(x, baseline + 6.4)
        draw_swatch(self._painter, key.symbol, QRectF(corner.x(), corner.y(), 16 * _POINT, 7 * _POINT))
        self._pen.text(key.text, Type(TEXT, 7.8), x + 20, baseline)
