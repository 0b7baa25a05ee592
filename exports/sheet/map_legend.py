"""The strip under the map: legend, scale bar, lines about coordinates and use."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from exports.sheet.canvas import BLACK, Colour, SheetCanvas
from exports.sheet.faces import SONG
from exports.sheet.map_marks import WORDS, CanvasPen, draw_symbol
from exports.sheet.map_style import PointStyle
from exports.sheet.typography import TextStyle, draw_text
from layers.map_furniture import draw_strip, strip_height

_COLUMNS = 4
_TEXT = TextStyle(SONG, 7.8, 10)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the legend.

    Attributes:
        kind: line, area or symbol.
        text: What it means.
        colour: Of the line or the fill.
        outline: Casing of a line, outline of an area.
        dash: Dash pattern of a line in points.
        symbol: The point symbol.
    """

    kind: str
    text: str
    colour: Colour
    outline: Colour | None = None
    dash: Sequence[float] = ()
    symbol: PointStyle | None = None


def legend_height(entries: int) -> float:
    """Return the height of the strip in points for a number of entries."""
    return strip_height(entries, _COLUMNS)


def draw_legend(
    canvas: SheetCanvas,
    entries: Sequence[Entry],
    scale: int,
    notes: tuple[str, str],
    place: tuple[float, float, float],
) -> None:
    """Draw the strip; place is its left end, upper edge and width in points."""
    draw = [partial(_draw_entry, canvas, entry) for entry in entries]
    draw_strip(CanvasPen(canvas), WORDS, place, scale, notes, draw, _COLUMNS)


def _draw_entry(canvas: SheetCanvas, entry: Entry, x: float, baseline: float) -> None:
    middle = baseline + 2.8
    if entry.symbol is not None:
        draw_symbol(canvas, entry.symbol, x + 8, middle)
    elif entry.kind == "area":
        canvas.fill_colour(entry.colour)
        canvas.stroke_style(entry.outline or BLACK, 0.4)
        canvas.box(x, baseline - 0.6, 16, 7, "B")
    else:
        for colour, width in ((entry.outline or entry.colour, 1.5), (entry.colour, 0.9)):
            canvas.stroke_style(colour, width, entry.dash)
            canvas.polyline([(x, middle), (x + 16, middle)])
        canvas.stroke_style(BLACK, 0.4)
    draw_text(canvas, entry.text, _TEXT, x + 20, baseline)
