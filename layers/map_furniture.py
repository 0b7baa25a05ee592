"""What a map on paper carries besides its content: grid ticks, north arrow, scale bar, legend strip.

One drawing for the map figure of the sheets and for the printed map: each
brings a Pen for its own kind of paper. Lengths are points (1/72 inch), y goes
up, the origin is the lower left corner of the map.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import shapely

Colour = tuple[float, float, float]  # red, green, blue, 0 … 1
Spot = tuple[float, float]
Shapes = Any  # an array of shapely geometries
BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
TEXT, HEADING, BOLD = "text", "heading", "bold"  # faces: for running text, for figures that stand out, for titles
POINTS_PER_METRE = 72 / 0.0254  # of paper
SCALES = (200, 250, 500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10_000, 15_000, 20_000, 25_000, 50_000)
PLATE = (34.0, 44.0)  # of the north arrow
_INSET = (26.0, 16.0)  # keeps the plate off the grid figures
_NUMBER_WIDTH = 19.0
_ROW, _PAD, _NOTES = 14.0, 7.0, 15.0
_SCALE_ROOM, _TITLE_ROOM = 128.0, 26.0
_COLUMN = 82.0  # the least width of a column of the legend
_GREY: Colour = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a strip, in the language of the paper."""

    legend: str
    north: str
    metres: str
    scale: str


@dataclass(frozen=True, slots=True)
class Type:
    """How a text is set: face (TEXT, HEADING, BOLD), size in points, colour."""

    face: str
    size: float
    colour: Colour = BLACK


class Pen(Protocol):
    """Draws on one kind of paper."""

    def line(self, spots: Sequence[Spot], colour: Colour, width: float) -> None:
        """Draw an open line."""

    def area(self, spots: Sequence[Spot], fill: Colour | None, line: Colour | None, width: float = 0.5) -> None:
        """Draw a closed shape: filled, outlined, or both."""

    def text(self, text: str, how: Type, x: float, baseline: float, align: str = "left") -> None:
        """Write a text; align is left, centre or right."""

    def width(self, text: str, how: Type) -> float:
        """Return how wide a text is."""


@dataclass(frozen=True, slots=True)
class Window:
    """What part of the ground is on the paper.

    Attributes:
        west, south: Lower left corner, m.
        scale: Scale denominator.
        width, height: Of the map on paper, points.
    """

    west: float
    south: float
    scale: float
    width: float
    height: float

    @property
    def per_metre(self) -> float:
        """Points on paper per metre on the ground."""
        return POINTS_PER_METRE / self.scale


def round_scale(needed: float) -> int:
    """Return the largest round scale, as a denominator, that is not larger than needed.

    >>> round_scale(760), round_scale(61_000)
    (1000, 70000)
    """
    return next((each for each in SCALES if each >= needed), math.ceil(needed / 10_000) * 10_000)


def grid_step(window: Window) -> int:
    """Return the metres between ticks: five to eight along the width, never closer than 2 cm."""
    span = window.width / window.per_metre
    most = max(8.0, window.width / 85.0)
    return next((step for step in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if span / step <= most), 10_000)


def draw_grid(pen: Pen, window: Window, *, crosses: bool = False) -> None:
    """Draw ticks and coordinates on the neat line, every round number of metres; crosses inside on large maps."""
    step, per_metre = grid_step(window), window.per_metre
    easts = [(e, (e - window.west) * per_metre) for e in _round(window.west, window.width / per_metre, step)]
    norths = [(n, (n - window.south) * per_metre) for n in _round(window.south, window.height / per_metre, step)]
    for easting, x in easts:
        if 30 < x < window.width - 30:
            for low, high in ((window.height, window.height - 4), (0.0, 4.0)):
                pen.line([(x, low), (x, high)], (0.2, 0.2, 0.2), 0.5)
            _grid_number(pen, easting, x - _NUMBER_WIDTH / 2, window.height - 10.5)
    for northing, y in norths:
        if 16 < y < window.height - 16:
            for left, right in ((0.0, 4.0), (window.width, window.width - 4)):
                pen.line([(left, y), (right, y)], (0.2, 0.2, 0.2), 0.5)
            _grid_number(pen, northing, 5.5, y - 2)
    if crosses:
        _crosses(pen, [x for _east, x in easts], [y for _north, y in norths])


def _crosses(pen: Pen, across: Sequence[float], upwards: Sequence[float]) -> None:
    for x, y in itertools.product(across, upwards):
        pen.line([(x - 4, y), (x + 4, y)], (0.2, 0.2, 0.2), 0.4)
        pen.line([(x, y - 4), (x, y + 4)], (0.2, 0.2, 0.2), 0.4)


def _round(low: float, extent: float, step: int) -> list[float]:
    return [float(each) for each in np.arange(math.ceil(low / step) * step, low + extent, step)]


def _grid_number(pen: Pen, metres: float, x: float, baseline: float) -> None:
    """Write a coordinate on a white plate: it stands on top of streets and pipes."""
    text, how = f"{metres:.0f}", Type(TEXT, 6.0, (0.25, 0.25, 0.25))
    pen.area(_box(x - 1, baseline - 1.4, pen.width(text, how) + 2, 6.8), WHITE, None)
    pen.text(text, how, x, baseline)


def _box(x: float, y: float, width: float, height: float) -> list[Spot]:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def emptiest_corner(shapes: Shapes, window: Window) -> Spot:
    """Return where the plate of the north arrow covers the fewest things: its lower left corner.

    Args:
        shapes: What is drawn, shapely geometries in ground metres.
        window: The part of the ground.
    """
    right, upper = window.width - PLATE[0] - _INSET[0], window.height - PLATE[1] - _INSET[1]
    corners = [(right, upper), (_INSET[0], upper), (right, _INSET[1]), (_INSET[0], _INSET[1])]
    return min(corners, key=lambda corner: _crowd(shapes, window, corner))


def _crowd(shapes: Shapes, window: Window, corner: Spot) -> int:
    x, y = corner[0] / window.per_metre + window.west, corner[1] / window.per_metre + window.south
    plate = shapely.box(x, y, x + PLATE[0] / window.per_metre, y + PLATE[1] / window.per_metre)
    return int(shapely.intersects(shapes, plate).sum())


def draw_north(pen: Pen, words: Words, x: float, y: float) -> None:
    """Draw the north arrow on a white plate whose lower left corner is (x, y). North of the grid is up."""
    pen.area(_box(x, y, *PLATE), WHITE, (0.6, 0.6, 0.6), 0.4)
    cx, foot, tip = x + PLATE[0] / 2, y + 5, y + 29
    pen.area([(cx, tip), (cx, foot + 5), (cx - 6.5, foot)], BLACK, BLACK, 0.6)
    pen.area([(cx, tip), (cx, foot + 5), (cx + 6.5, foot)], None, BLACK, 0.6)
    pen.text(words.north, Type(HEADING, 8.5), cx, tip + 3, "centre")


def draw_scale_bar(pen: Pen, words: Words, x: float, y: float, scale: float, longest: float) -> None:
    """Draw a scale bar with its ratio below.

    Args:
        pen: Where to draw.
        words: What it says.
        x: Left end.
        y: Lower edge of the bar.
        scale: Denominator.
        longest: What the bar may measure at most.
    """
    metres = round_below(longest * scale / POINTS_PER_METRE)
    length = metres * POINTS_PER_METRE / scale
    for part in range(4):
        fill = BLACK if part % 2 == 0 else WHITE
        pen.area(_box(x + part * length / 4, y, length / 4, 3.2), fill, BLACK, 0.5)
    figures = Type(TEXT, 7.0)
    for share in (0.0, 0.5, 1.0):
        pen.text(f"{metres * share:g}", figures, x + length * share, y + 5.5, "centre")
    pen.text(words.metres, figures, x + length + pen.width(f"{metres:g}", figures) / 2 + 3, y + 5.5)
    pen.text(f"{words.scale} 1:{scale:,.0f}", Type(HEADING, 8.5), x + length / 2, y - 11, "centre")


def round_below(metres: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not longer.

    >>> round_below(87.0)
    50.0
    """
    power: float = 10 ** math.floor(math.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres))


# --- the strip under the map ---------------------------------------------------------------------------------------


def columns_of(width: float) -> int:
    """Return how many columns of legend a strip of that width has."""
    return max(int((width - _SCALE_ROOM - _TITLE_ROOM) / _COLUMN), 1)


def strip_height(entries: int, columns: int) -> float:
    """Return the height of the strip for a number of legend entries."""
    return max(-(-entries // columns) * _ROW + 2 * _PAD, 42.0) + _NOTES


def draw_strip(
    pen: Pen,
    words: Words,
    place: tuple[float, float, float],
    scale: float,
    notes: tuple[str, str],
    entries: Sequence[Callable[[float, float], None]],
    columns: int,
) -> None:
    """Draw legend, scale bar, and the lines about coordinates and use.

    Args:
        pen: Where to draw.
        words: What it says.
        place: Left end, upper edge and width of the strip.
        scale: Denominator.
        notes: Line at the left and line at the right below.
        entries: What draws each entry, given its left end and baseline.
        columns: Columns of the legend.
    """
    x, top, width = place
    pitch = (width - _SCALE_ROOM - _TITLE_ROOM) / columns
    for index, draw in enumerate(entries):
        row, column = divmod(index, columns)
        draw(x + _TITLE_ROOM + column * pitch, top - _PAD - 9 - row * _ROW)
    foot = top - strip_height(len(entries), columns) + _NOTES
    _downwards(pen, words.legend, Type(BOLD, 9.0), x + 12, (top + foot) / 2)
    pen.line([(x + width - _SCALE_ROOM, top), (x + width - _SCALE_ROOM, foot)], _GREY, 0.4)
    pen.line([(x, foot), (x + width, foot)], _GREY, 0.4)
    draw_scale_bar(pen, words, x + width - _SCALE_ROOM + 12, (top + foot) / 2, scale, 96)
    note = Type(TEXT, 7.4, (0.2, 0.2, 0.2))
    pen.text(notes[0], note, x + 8, foot - 10.5)
    pen.text(notes[1], note, x + width - 8, foot - 10.5, "right")


def _downwards(pen: Pen, text: str, how: Type, x: float, middle: float) -> None:
    """Write a caption downwards, one character below the other; words of letters are written across."""
    if text.isascii():
        pen.text(text, Type(how.face, 6.5), x, middle - 2, "centre")
        return
    pitch = 15.0
    baseline = middle + pitch * len(text) / 2 - (pitch - how.size) / 2 - how.size * 0.88
    for char in text:
        pen.text(char, how, x, baseline, "centre")
        baseline -= pitch
