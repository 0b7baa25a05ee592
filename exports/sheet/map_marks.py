"""The marks of the map figure: point symbols of its own; grid, north arrow and scale bar as on every printed map."""

from collections.abc import Sequence

from exports.sheet.canvas import WHITE, Colour, SheetCanvas
from exports.sheet.faces import HEI, HEI_BOLD, SONG
from exports.sheet.map_frame import Frame, Shapes
from exports.sheet.map_style import PointStyle
from exports.sheet.typography import Align, TextStyle, draw_text, text_width
from layers import map_furniture
from layers.map_furniture import Spot, Type, Window, Words

SYMBOL_RADIUS = 3.6
WORDS = Words("图例", "北", "米", "比例尺")
_FACES = {map_furniture.TEXT: SONG, map_furniture.HEADING: HEI, map_furniture.BOLD: HEI_BOLD}


class CanvasPen:
    """Draws the furniture of a map on a sheet, from a lower left corner on."""

    def __init__(self, canvas: SheetCanvas) -> None:
        self._canvas = canvas

    def line(self, spots: Sequence[Spot], colour: Colour, width: float) -> None:
        """Draw an open line."""
        self._canvas.stroke_style(colour, width)
        self._canvas.polyline(spots)

    def area(self, spots: Sequence[Spot], fill: Colour | None, line: Colour | None, width: float = 0.5) -> None:
        """Draw a closed shape."""
        if fill is not None:
            self._canvas.fill_colour(fill)
        if line is not None:
            self._canvas.stroke_style(line, width)
        self._canvas.polyline(spots, "s" if fill is None else "f" if line is None else "b")

    def text(self, text: str, how: Type, x: float, baseline: float, align: str = "left") -> None:
        """Write a text."""
        place: Align = "centre" if align == "centre" else "right" if align == "right" else "left"
        draw_text(self._canvas, text, _style(how), x, baseline, place)

    def width(self, text: str, how: Type) -> float:
        """Return how wide a text is."""
        return text_width(text, _style(how))


def _style(how: Type) -> TextStyle:
    return TextStyle(_FACES[how.face], how.size, how.size, colour=how.colour)


def window_of(frame: Frame) -> Window:
    """Return a frame as the furniture sees it."""
    west, south, _east, _north = frame.view
    return Window(west, south, frame.scale, frame.width, frame.height)


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
    map_furniture.draw_grid(CanvasPen(canvas), window_of(frame))


def emptiest_corner(shapes: Shapes, frame: Frame) -> tuple[float, float]:
    """Return where the north arrow covers the fewest things: the lower left corner of its plate in points."""
    return map_furniture.emptiest_corner(shapes, window_of(frame))


def draw_north_arrow(canvas: SheetCanvas, x: float, y: float) -> None:
    """Draw the north arrow on a white plate whose lower left corner is (x, y)."""
    map_furniture.draw_north(CanvasPen(canvas), WORDS, x, y)
