"""The strip under the map: legend, scale bar, lines about coordinates and use."""

from collections.abc import Sequence
from dataclasses import dataclass

from exports.sheet.canvas import BLACK, Colour, SheetCanvas
from exports.sheet.faces import HEI_BOLD, SONG
from exports.sheet.map_marks import draw_scale_bar, draw_symbol
from exports.sheet.map_style import PointStyle
from exports.sheet.typography import TextStyle, draw_text, draw_vertical

_COLUMNS = 4
_ROW, _PAD = 14.0, 7.0
_NOTES = 15.0
_SCALE_ROOM = 128.0
_TITLE_ROOM = 26.0
_TEXT = TextStyle(SONG, 7.8, 10)
_NOTE = TextStyle(SONG, 7.4, 9, colour=(0.2, 0.2, 0.2))
_TITLE = TextStyle(HEI_BOLD, 9.0, 15)


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
    return max(-(-entries // _COLUMNS) * _ROW + 2 * _PAD, 42.0) + _NOTES


def draw_legend(
    canvas: SheetCanvas,
    entries: Sequence[Entry],
    scale: int,
    notes: tuple[str, str],
    place: tuple[float, float, float],
) -> None:
    """Draw the strip; place is its left end, upper edge and width in points."""
    x, top, width = place
    pitch = (width - _SCALE_ROOM - _TITLE_ROOM) / _COLUMNS
    for index, entry in enumerate(entries):
        row, column = divmod(index, _COLUMNS)
        _draw_entry(canvas, entry, x + _TITLE_ROOM + column * pitch, top - _PAD - 9 - row * _ROW)
    foot = top - legend_height(len(entries)) + _NOTES
    draw_vertical(canvas, "图例", _TITLE, x + 12, (top + foot) / 2, 36)
    canvas.stroke_style((0.5, 0.5, 0.5), 0.4)
    canvas.polyline([(x + width - _SCALE_ROOM, top), (x + width - _SCALE_ROOM, foot)])
    canvas.polyline([(x, foot), (x + width, foot)])
    draw_scale_bar(canvas, x + width - _SCALE_ROOM + 12, (top + foot) / 2, scale, 96)
    draw_text(canvas, notes[0], _NOTE, x + 8, foot - 10.5)
    draw_text(canvas, notes[1], _NOTE, x + width - 8, foot - 10.5, "right")


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
