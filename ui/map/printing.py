"""A printed map: the view at a true scale as vector PDF or SVG, or as a picture, with all that a sheet needs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPageSize, QPainter, QPdfWriter, QPen, QPolygonF
from PySide6.QtSvg import QSvgGenerator

from exports.layers_out import SENSITIVE
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _
from layers.legend import Key, keys
from layers.map_sheet import PX_PER_MM, MapSheet
from layers.sidecar import Sidecar
from layers.style import THEMES
from layers.symbology import LayerStyle
from layers.viewport import Viewport, bar_length
from ui.map.painter import Look, paint
from ui.map.symbols import draw_swatch

_PDF_DPI, _PNG_DPI = 1200, 300
_STREET = "#C9C9C9"
_COLUMN = 150.0  # px: width of one column of the legend
_LINE = 16.0  # px


def print_map(
    path: Path, sheet: MapSheet, sidecar: Sidecar, look: Look, stop: Callable[[], bool] = lambda: False
) -> None:
    """Write a sheet; the ending of the name says how: .pdf and .svg are vector, .png has 300 dpi.

    Raises:
        InputRefused: If the ending is another, or the file cannot be written.
        Cancelled: If stop() became true.
    """
    width, height = sheet.size
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
    if not part.stat().st_size:
        part.unlink()
        raise InputRefused(_("{file} cannot be written. Check the folder and the space on the disk.").format(file=path))
    part.replace(path)


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


class _Sheet:
    """Draws one sheet in units of 1/96 inch."""

    def __init__(self, painter: QPainter, sheet: MapSheet, look: Look) -> None:
        self._painter, self._sheet = painter, sheet
        styles = {table: _on_white(style) for table, style in look.styles.items()}
        self._look = replace(look, theme=replace(THEMES["light"], ground="#FFFFFF"), styles=styles, is_vector=True)
        left, top, width, height = (mm * PX_PER_MM for mm in sheet.frame)
        self._frame = QRectF(left, top, width, height)
        self._view: Viewport = sheet.view()

    def draw(self, sidecar: Sidecar, stop: Callable[[], bool]) -> None:
        painter = self._painter
        painter.save()
        painter.translate(self._frame.topLeft())
        painter.setClipRect(QRectF(0, 0, self._frame.width(), self._frame.height()))
        seen = paint(painter, sidecar, self._view, self._look, stop)
        painter.restore()
        self._border()
        self._grid()
        self._title()
        found = keys(self._look.styles, seen, self._view.scale)
        self._legend(found)
        self._foot(found)

    def _font(self, pixels: int, *, bold: bool = False) -> None:
        font = QFont(self._look.font)
        font.setPixelSize(pixels)
        font.setBold(bold)
        self._painter.setFont(font)
        self._painter.setPen(QColor("#000000"))

    def _border(self) -> None:
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(QColor("#000000"), 1.2))
        self._painter.drawRect(self._frame)

    def _grid(self) -> None:
        """Draw ticks inside the border, crosses where they meet, and the figures outside."""
        eastings, northings = self._sheet.grid()
        left, top = self._frame.left(), self._frame.top()
        self._font(9)
        self._painter.setPen(QPen(QColor("#000000"), 0.6))
        for east in eastings:
            x = left + self._view.to_screen(east, 0)[0]
            for y, way in ((top, 1), (self._frame.bottom(), -1)):
                self._painter.drawLine(QPointF(x, y), QPointF(x, y + 8 * way))
            self._painter.drawText(QRectF(x - 40, top - 13, 80, 12), Qt.AlignmentFlag.AlignCenter, f"{east:.0f}")
        for north in northings:
            y = top + self._view.to_screen(0, north)[1]
            for x, way in ((left, 1), (self._frame.right(), -1)):
                self._painter.drawLine(QPointF(x, y), QPointF(x + 8 * way, y))
            self._painter.save()
            self._painter.translate(left - 4, y)
            self._painter.rotate(-90)
            self._painter.drawText(QRectF(-40, -12, 80, 12), Qt.AlignmentFlag.AlignCenter, f"{north:.0f}")
            self._painter.restore()
            for east in eastings:
                x = left + self._view.to_screen(east, 0)[0]
                self._painter.drawLine(QPointF(x - 5, y), QPointF(x + 5, y))
                self._painter.drawLine(QPointF(x, y - 5), QPointF(x, y + 5))

    def _title(self) -> None:
        self._font(20, bold=True)
        box = QRectF(self._frame.left(), 12 * PX_PER_MM - 10, self._frame.width(), 30)
        self._painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._sheet.title)
        if self._sheet.remark:
            self._font(12)
            self._painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._sheet.remark)

    def _legend(self, found: Sequence[Key]) -> None:
        """Draw the legend below the frame, column by column, as much as there is room for."""
        room = self._frame.width() - 260
        rows = 6
        left, top = self._frame.left(), self._frame.bottom() + 12
        self._font(11, bold=True)
        self._painter.drawText(QPointF(left, top + 10), _("Legend"))
        self._font(11)
        for number, key in enumerate(found[: int(room // _COLUMN) * rows]):
            x, y = left + number // rows * _COLUMN, top + 18 + number % rows * _LINE
            draw_swatch(self._painter, key.symbol, QRectF(x, y, 22, 11))
            self._font(11)
            self._painter.drawText(QPointF(x + 28, y + 10), key.text)

    def _foot(self, found: Sequence[Key]) -> None:
        right, top = self._frame.right(), self._frame.bottom() + 12
        self._north(right - 16, top)
        length, pixels = bar_length(self._view.metres, 160)
        x, y = right - 240, top + 30
        self._painter.setPen(QPen(QColor("#000000"), 1.5))
        corners = [QPointF(x, y - 5), QPointF(x, y), QPointF(x + pixels, y), QPointF(x + pixels, y - 5)]
        self._painter.drawPolyline(QPolygonF(corners))
        self._font(11)
        text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
        self._painter.drawText(QPointF(x + pixels + 6, y), text)
        self._font(13, bold=True)
        self._painter.drawText(QPointF(x, y - 14), f"1:{self._sheet.scale:,.0f}".replace(",", " "))
        self._font(10)
        lines = [self._sheet.crs_line, _("Printed {day}").format(day=datetime.now(UTC).astimezone().date().isoformat())]
        if any(key.table in SENSITIVE for key in found):
            lines.append(_("Pipelines: internal use only"))
        for number, line in enumerate(lines):
            self._painter.drawText(QPointF(x, y + 18 + number * 14), line)

    def _north(self, x: float, y: float) -> None:
        painter = self._painter
        painter.setPen(QPen(QColor("#000000"), 0.8))
        painter.setBrush(QColor("#000000"))
        painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x - 8, y + 26), QPointF(x, y + 20)]))
        painter.setBrush(QColor("#FFFFFF"))
        painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x + 8, y + 26), QPointF(x, y + 20)]))
        self._font(12, bold=True)
        painter.drawText(QRectF(x - 12, y + 26, 24, 16), Qt.AlignmentFlag.AlignCenter, _("N"))
