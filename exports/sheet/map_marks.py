"""What a map carries besides its content: point symbols, grid ticks, north arrow, scale bar."""

import math

import numpy as np
import shapely

from exports.sheet.canvas import BLACK, MM, WHITE, SheetCanvas
from exports.sheet.faces import HEI, HEI_BOLD, SONG
from exports.sheet.map_frame import Frame, Shapes
from exports.sheet.map_style import PointStyle
from exports.sheet.typography import TextStyle, draw_text, text_width

SYMBOL_RADIUS = 3.6
_GRID = TextStyle(SONG, 6.0, 7, colour=(0.25, 0.25, 0.25))
_SCALE = TextStyle(SONG, 7.0, 8)
_RATIO = TextStyle(HEI, 8.5, 10)
_NUMBER_WIDTH = 19.0
_PLATE = (34.0, 44.0)  # of the north arrow, points
_INSET = (26.0, 16.0)  # keeps the plate off the grid figures


def draw_symbol(canvas: SheetCanvas, style: PointStyle, x: float, y: float) -> None:
    """Draw a point symbol centred on (x, y)."""
    r = SYMBOL_RADIUS
    canvas.fill_colour(style.colour)
    canvas.stroke_style(WHITE, 0.5)
    if style.shape == "circle":
        canvas.circle(x, y, r, "B")
    elif style.shape == "square":
        canvas.box(x - r, y - r, 2 * r, 2 * r, "B")
    elif style.shape == "triangle":
        canvas.polyline([(x, y + r), (x + r, y - r * 0.75), (x - r, y - r * 0.75)], "b")
    else:
        d = r * 0.75
        canvas.polyline([(x, y + d), (x + d, y), (x, y - d), (x - d, y)], "b")
    if style.letter:
        draw_text(canvas, style.letter, TextStyle(HEI_BOLD, 4.6, 5, colour=WHITE), x, y - 1.7, "centre")


def draw_grid_ticks(canvas: SheetCanvas, frame: Frame) -> None:
    """Draw ticks and coordinates on the neat line, every round number of metres."""
    step = _grid_step(frame)
    west, south, east, north = frame.view
    for easting in np.arange(math.ceil(west / step) * step, east, step).tolist():
        x = (easting - west) * frame.per_metre
        if 30 < x < frame.width - 30:
            _tick(canvas, (x, frame.height, x, frame.height - 4), (x, 0, x, 4))
            _grid_number(canvas, easting, x - _NUMBER_WIDTH / 2, frame.height - 10.5)
    for northing in np.arange(math.ceil(south / step) * step, north, step).tolist():
        y = (northing - south) * frame.per_metre
        if 16 < y < frame.height - 16:
            _tick(canvas, (0, y, 4, y), (frame.width, y, frame.width - 4, y))
            _grid_number(canvas, northing, 5.5, y - 2)


def _grid_number(canvas: SheetCanvas, metres: float, x: float, baseline: float) -> None:
    """Write a coordinate on a white plate: it stands on top of streets and pipes."""
    text = f"{metres:.0f}"
    canvas.fill_colour(WHITE)
    canvas.box(x - 1, baseline - 1.4, text_width(text, _GRID) + 2, 6.8, "f")
    draw_text(canvas, text, _GRID, x, baseline)


def _tick(canvas: SheetCanvas, *lines: tuple[float, float, float, float]) -> None:
    canvas.stroke_style((0.2, 0.2, 0.2), 0.5)
    for ax, ay, bx, by in lines:
        canvas.polyline([(ax, ay), (bx, by)])


def _grid_step(frame: Frame) -> int:
    """Return metres between ticks: five to eight of them along the width."""
    span = frame.width / frame.per_metre
    return next((step for step in (10, 20, 50, 100, 200, 500, 1000) if span / step <= 8), 2000)


def emptiest_corner(shapes: Shapes, frame: Frame) -> tuple[float, float]:
    """Return where the plate covers the fewest things: its lower left corner in points.

    Args:
        shapes: What is drawn, shapely geometries in ground metres.
        frame: The window on the ground.
    """
    plate_x, plate_y = _PLATE
    right, upper = frame.width - plate_x - _INSET[0], frame.height - plate_y - _INSET[1]
    corners = [(right, upper), (_INSET[0], upper), (right, _INSET[1]), (_INSET[0], _INSET[1])]
    return min(corners, key=lambda corner: _crowd(shapes, frame, corner))


def _crowd(shapes: Shapes, frame: Frame, corner: tuple[float, float]) -> int:
    west, south, _east, _north = frame.view
    x, y = corner[0] / frame.per_metre + west, corner[1] / frame.per_metre + south
    plate = shapely.box(x, y, x + _PLATE[0] / frame.per_metre, y + _PLATE[1] / frame.per_metre)
    return int(shapely.intersects(shapes, plate).sum())


def draw_north_arrow(canvas: SheetCanvas, x: float, y: float) -> None:
    """Draw the north arrow on a white plate whose lower left corner is (x, y). North of the grid is up."""
    canvas.fill_colour(WHITE)
    canvas.stroke_style((0.6, 0.6, 0.6), 0.4)
    canvas.box(x, y, *_PLATE, "B")
    cx, foot, tip = x + _PLATE[0] / 2, y + 5, y + 29
    canvas.fill_colour(BLACK)
    canvas.stroke_style(BLACK, 0.6)
    canvas.polyline([(cx, tip), (cx, foot + 5), (cx - 6.5, foot)], "b")
    canvas.polyline([(cx, tip), (cx, foot + 5), (cx + 6.5, foot)], "s")
    draw_text(canvas, "北", TextStyle(HEI, 8.5, 10), cx, tip + 3, "centre")


def draw_scale_bar(canvas: SheetCanvas, x: float, y: float, scale: int, longest: float) -> None:
    """Draw a scale bar with its ratio below.

    Args:
        canvas: Where to draw.
        x: Left end in points.
        y: Lower edge of the bar in points.
        scale: Denominator.
        longest: What the bar may measure at most, in points.
    """
    metres = _round_below(longest * scale / 1000 / MM)
    length = metres * 1000 * MM / scale
    canvas.stroke_style(BLACK, 0.5)
    for part in range(4):
        canvas.fill_colour(BLACK if part % 2 == 0 else WHITE)
        canvas.box(x + part * length / 4, y, length / 4, 3.2, "B")
    for share in (0.0, 0.5, 1.0):
        draw_text(canvas, f"{metres * share:g}", _SCALE, x + length * share, y + 5.5, "centre")
    draw_text(canvas, "米", _SCALE, x + length + text_width(f"{metres:g}", _SCALE) / 2 + 3, y + 5.5)
    draw_text(canvas, f"比例尺 1:{scale:,}", _RATIO, x + length / 2, y - 11, "centre")


def _round_below(metres: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not longer.

    >>> _round_below(87.0)
    50.0
    """
    power: float = 10 ** math.floor(math.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres))
