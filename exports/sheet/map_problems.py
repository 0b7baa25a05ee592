"""Numbered problem points on the map figure; the numbers match the table."""

import math
from collections.abc import Sequence

from exports.sheet.canvas import WHITE, Colour, SheetCanvas
from exports.sheet.faces import HEI_BOLD
from exports.sheet.map_frame import Frame
from exports.sheet.map_style import PointStyle
from exports.sheet.typography import TextStyle, draw_text

_COLOUR: Colour = (0.76, 0.0, 0.18)
_RADIUS, _DOT = 5.2, 1.2
_RINGS = (0.0, 13.0, 22.0, 31.0, 40.0)  # points that a plate may move away from its place
_NUMBER = TextStyle(HEI_BOLD, 6.2, 7, colour=_COLOUR)
PROBLEM = PointStyle("", "问题点（见第四部分）", "circle", "1", _COLOUR)


def draw_problems(canvas: SheetCanvas, problems: Sequence[tuple[str, float, float]], frame: Frame) -> None:
    """Draw a dot at each place and its number on a plate beside it, with a line between where it had to move.

    Args:
        canvas: Where to draw.
        problems: Number and place in points from the frame's lower left corner.
        frame: The window on the ground.
    """
    taken: list[tuple[float, float]] = []
    for _number, x, y in problems:
        taken.append(_free_spot(x, y, taken, frame))
    for (_number, x, y), (px, py) in zip(problems, taken, strict=True):
        canvas.stroke_style(_COLOUR, 0.6)
        canvas.polyline([(x, y), (px, py)])
        canvas.fill_colour(_COLOUR)
        canvas.circle(x, y, _DOT, "f")
    for (number, _x, _y), (px, py) in zip(problems, taken, strict=True):
        canvas.fill_colour(WHITE)
        canvas.stroke_style(_COLOUR, 0.9)
        canvas.circle(px, py, _RADIUS, "B")
        draw_text(canvas, number, _NUMBER, px, py - 2.2, "centre")


def _free_spot(x: float, y: float, taken: Sequence[tuple[float, float]], frame: Frame) -> tuple[float, float]:
    """Return the nearest place inside the frame whose plate covers no other; the place itself if all are covered."""
    for ring in _RINGS:
        for step in range(12 if ring else 1):
            px = x + ring * math.cos(step * math.pi / 6)
            py = y + ring * math.sin(step * math.pi / 6)
            is_inside = _RADIUS < px < frame.width - _RADIUS and _RADIUS < py < frame.height - _RADIUS
            if is_inside and all(math.hypot(px - tx, py - ty) > 2 * _RADIUS for tx, ty in taken):
                return px, py
    return x, y
