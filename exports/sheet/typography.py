"""Setting text on a canvas: blocks of lines, one-liners, vertical captions, check boxes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from exports.sheet.breaking import Line, break_lines
from exports.sheet.canvas import BLACK, Colour, SheetCanvas, Used
from exports.sheet.faces import SONG, Face, chain, choose_office_faces
from exports.sheet.structure import Element

Align = Literal["left", "centre", "right", "justify"]
_ASCENT = 0.88  # em above the baseline that Chinese glyphs fill
_MAX_SPREAD = 0.22  # em: a line that would need wider letter space stays ragged
_KEPT = 4000  # texts of each kind kept for the next place and the next document
_Key = TypeVar("_Key")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text looks.

    Attributes:
        face: Typeface of exports.sheet.faces; missing characters come from its fallbacks.
        size: Points.
        leading: Points from baseline to baseline.
        colour: Text colour.
        align: Where lines stand in their column; justified last lines stand left.
        indent: Em before the first line of a paragraph.
        role: Structure type of the block.
    """

    face: str = SONG
    size: float = 10.0
    leading: float = 14.2
    colour: Colour = BLACK
    align: Align = "left"
    indent: int = 0
    role: str = "P"

    def but(self, **changes: object) -> "TextStyle":
        """Return the style with some attributes changed."""
        return replace(self, **changes)  # type: ignore[arg-type] # names and types are the caller's


@lru_cache(maxsize=20_000)
def _lines(text: str, face: str, size: float, width: float) -> list[Line]:
    return break_lines(text, chain(face).width, size, width)


def choose_faces(body: str, title: str) -> None:
    """Set texts in the office's own typefaces from now on.

    Args:
        body: File in place of our text face (仿宋); empty: ours.
        title: File in place of our title face (小标宋); empty: ours.
    """
    choose_office_faces(body, title)
    _lines.cache_clear()
    _runs.cache_clear()
    _blocks.clear()
    _words.clear()


def lines_of(text: str, style: TextStyle, width: float) -> list[Line]:
    """Return a text broken for a column of that width in points.

    Raises:
        MissingCharacters: If no face has a character.
    """
    indented = "\n".join("\u3000" * style.indent + part for part in text.split("\n")) if style.indent else text
    return _lines(indented, style.face, style.size, round(width, 2))


def text_width(text: str, style: TextStyle) -> float:
    """Return the width of a text on one line in points."""
    return sum(map(chain(style.face).width, text)) * style.size


def draw_lines(
    canvas: SheetCanvas, lines: Sequence[Line], style: TextStyle, x: float, top: float, width: float
) -> None:
    """Draw lines into a column whose upper left corner is (x, top).

    What follows the first position is the same wherever a text stands, and
    most texts stand in many places, of a book or of many sheets: it is kept.
    """
    key = (id(lines), style, width)
    kept = _blocks.get(key) or _keep(_blocks, key, _Block(lines, *_placed(lines, style, width)))
    canvas.use(kept.used)
    canvas.op(f"BT\n{_colour(style.colour)}\n{x + kept.right:.2f} {top - kept.down:.2f} Td\n{kept.shown}ET")


class _Block(NamedTuple):
    """Lines as they are drawn.

    Attributes:
        lines: Kept with the rest, so that no others get their id.
        right: How far right of its corner the text begins, in points.
        down: How far below its corner the text begins, in points.
        shown: The operators from there on.
        used: The faces with what is set in them.
    """

    lines: Sequence[Line]
    right: float
    down: float
    shown: str
    used: Used


class _Words(NamedTuple):
    """One line as it is drawn: its width in points, its operators, the faces with what is set in them."""

    width: float
    shown: str
    used: Used


_blocks: dict[tuple[int, TextStyle, float], _Block] = {}
_words: dict[tuple[str, str, float], _Words] = {}


def _keep(kept: dict[_Key, _Made], key: _Key, made: _Made) -> _Made:
    """Keep what was set; all is forgotten at times: what stands in many places soon is there again."""
    if len(kept) >= _KEPT:
        kept.clear()
    kept[key] = made
    return made


def _placed(lines: Sequence[Line], style: TextStyle, width: float) -> tuple[float, float, str, Used]:
    """Return how far right of and below its corner a text begins, its operators from there on, and its faces."""
    pen = _Pen(style)
    down = first = (style.leading - style.size) / 2 + style.size * _ASCENT
    start: float | None = None
    for line in lines:
        if line.pieces:
            left, spread = _start(line, style, 0.0, width), _spread(line, style, width)
            if start is None:
                start, first = left, down
                pen.begin(left, -down, spread)
            else:
                pen.move(left, -down, spread)
            pen.write(line)
        down += style.leading
    return start or 0.0, first, pen.finished(), pen.used


def draw_text(
    canvas: SheetCanvas, text: str, style: TextStyle, x: float, baseline: float, align: Align = "left"
) -> float:
    """Draw one line at a baseline; x is its left end, middle or right end. Return its width in points."""
    key = (text, style.face, style.size)
    kept = _words.get(key)
    if kept is None:
        line, pen = lines_of(text, style, 10_000)[0], _Pen(style)
        pen.write(line)
        kept = _keep(_words, key, _Words(line.width, pen.finished(), pen.used))
    canvas.use(kept.used)
    left = {"centre": x - kept.width / 2, "right": x - kept.width}.get(align, x)
    canvas.op(f"BT\n{_colour(style.colour)}\n{left:.2f} {baseline:.2f} Td\n{kept.shown}ET")
    return kept.width


def draw_vertical(canvas: SheetCanvas, text: str, style: TextStyle, x: float, middle: float, height: float) -> None:
    """Draw a caption downwards, one character below the other, centred on (x, middle)."""
    pitch = min(style.leading, height / max(len(text), 1))
    baseline = middle + pitch * len(text) / 2 - (pitch - style.size) / 2 - style.size * _ASCENT
    for char in text:
        draw_text(canvas, char, style, x, baseline, "centre")
        baseline -= pitch


def draw_check_box(canvas: SheetCanvas, x: float, baseline: float, size: float, *, ticked: bool) -> None:
    """Draw a check box as lines: the typefaces have no ticked one."""
    side = size * 0.78
    canvas.stroke_style(BLACK, 0.6)
    canvas.box(x, baseline - size * 0.04, side, side)
    if ticked:
        canvas.stroke_style(BLACK, 1.2)
        marks = ((0.18, 0.48), (0.40, 0.20), (0.84, 0.80))
        canvas.polyline([(x + side * px, baseline + side * py) for px, py in marks])


def marked_text(
    canvas: SheetCanvas, text: str, style: TextStyle, x: float, baseline: float, align: Align = "left"
) -> float:
    """Draw one line as a paragraph of its own in the structure."""
    with canvas.marked(Element(style.role)):
        return draw_text(canvas, text, style, x, baseline, align)


def _spread(line: Line, style: TextStyle, width: float) -> float:
    """Return the letter space in points that fills the column."""
    slots = len(line.text) - 1
    if style.align != "justify" or line.ends_paragraph or slots < 1:
        return 0.0
    space = (width - line.width) / slots
    return space if space <= _MAX_SPREAD * style.size else 0.0


def _start(line: Line, style: TextStyle, x: float, width: float) -> float:
    if style.align == "centre":
        return x + (width - line.width) / 2
    return x + width - line.width if style.align == "right" else x


@lru_cache(maxsize=20_000)
def _runs(face: str, text: str) -> list[tuple[Face, str]]:
    return chain(face).runs(text)


@lru_cache(maxsize=256)
def _colour(colour: Colour) -> str:
    return "{:.3g} {:.3g} {:.3g} rg".format(*colour)


class _Pen:
    """Writes the operators of one text, changing font only where a fallback face steps in."""

    def __init__(self, style: TextStyle) -> None:
        self._style, self._size = style, style.size
        self._face: Face | None = None
        self._at = (0.0, 0.0)
        self._spread = 0.0
        self._ops: list[str] = []
        self._set: dict[Face, list[str]] = {}

    @property
    def used(self) -> Used:
        """The faces with what is set in them."""
        return tuple((face, "".join(runs)) for face, runs in self._set.items())

    def begin(self, x: float, y: float, spread: float) -> None:
        """Say where the text begins: the one position that the document gives."""
        self._at = (x, y)
        self._space(spread)

    def move(self, x: float, y: float, spread: float) -> None:
        self._ops.append(f"{x - self._at[0]:.2f} {y - self._at[1]:.2f} Td")
        self._at = (x, y)
        self._space(spread)

    def _space(self, spread: float) -> None:
        if spread != self._spread:
            self._ops.append(f"{spread:.3f} Tc")
            self._spread = spread

    def write(self, line: Line) -> None:
        shown: list[str] = []  # members of the TJ array in the current font
        for gap, text in line.pieces:
            if gap:
                shown.append(f"{-gap / self._size * 1000:.0f}")
            for face, run in _runs(self._style.face, text):
                if face is not self._face:
                    self._show(shown)
                    self._use(face)
                shown.append(f"<{face.encoded(run)}>")
                self._set.setdefault(face, []).append(run)
        self._show(shown)

    def finished(self) -> str:
        """Return the operators, a line each."""
        ops = [*self._ops, "0 Tc"] if self._spread else self._ops
        return "".join(f"{op}\n" for op in ops)

    def _use(self, face: Face) -> None:
        self._face = face
        self._ops.append(f"/{face.name} {self._size:.4g} Tf")

    def _show(self, shown: list[str]) -> None:
        if shown:
            self._ops.append(f"[{''.join(shown)}] TJ")
            shown.clear()
