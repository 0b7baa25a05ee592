"""Ruled tables: merged cells, repeated header, rows that divide across pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from exports.sheet.canvas import Colour, SheetCanvas
from exports.sheet.page import Block, Paragraph
from exports.sheet.structure import Element
from exports.sheet.typography import TextStyle, draw_check_box, draw_text, draw_vertical, text_width

INK: Colour = (0.1, 0.1, 0.1)
HAIR: Colour = (0.33, 0.33, 0.33)
SHADE: Colour = (0.933, 0.945, 0.961)
OUTER, INNER = 1.1, 0.45  # rule widths in points
PAD_X, PAD_TOP, PAD_BOTTOM = 4.0, 2.8, 3.4
_MIN_NUMBER_SIZE = 5.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        content: What stands in it.
        columns: Columns it covers.
        rows: Rows it covers.
        header: Column or Row if it names others; empty for data.
        fill: Colour behind it.
        pad_x: White space left and right in points.
    """

    content: Block
    columns: int = 1
    rows: int = 1
    header: str = ""
    fill: Colour | None = None
    pad_x: float = PAD_X

    def inner(self, width: float) -> float:
        """Return the width of the content in a cell of that width."""
        return width - 2 * self.pad_x

    def height(self, width: float) -> float:
        """Return the height that the cell needs."""
        return self.content.height(self.inner(width)) + PAD_TOP + PAD_BOTTOM


@dataclass(frozen=True, slots=True)
class _OneLine:
    """Content that is a single line and is never divided."""

    text: str
    style: TextStyle

    def height(self, _width: float) -> float:
        return self.style.leading

    def split(self, _width: float, _room: float) -> None:
        return

    def _baseline(self, top: float) -> float:
        return top - (self.style.leading - self.style.size) / 2 - self.style.size * 0.88


@dataclass(frozen=True, slots=True)
class Number(_OneLine):
    """A figure. It never wraps: in a column that is too narrow its type gets smaller."""

    def fitted(self, width: float) -> TextStyle:
        """Return the style in which the figure fits."""
        natural = text_width(self.text, self.style)
        size = max(self.style.size * min(1.0, width / natural), _MIN_NUMBER_SIZE) if natural else self.style.size
        return self.style.but(size=size)

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the figure."""
        self.draw_as(Element("P"), canvas, x, top, width)

    def draw_as(self, element: Element, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the figure as the content of an element, such as the cell that has nothing else in it."""
        style = self.fitted(width)
        at = {"right": x + width, "centre": x + width / 2}.get(style.align, x)
        with canvas.marked(element):
            draw_text(canvas, self.text, style, at, self._baseline(top), style.align)


@dataclass(frozen=True, slots=True)
class Mark(_OneLine):
    """A coloured square and a word: readable without colour too."""

    colour: Colour = INK

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw square and word, centred."""
        side = self.style.size * 0.6
        total = side + 3 + text_width(self.text, self.style)
        left, baseline = x + (width - total) / 2, self._baseline(top)
        with canvas.marked(Element("P")):
            canvas.fill_colour(self.colour)
            canvas.box(left, baseline + 0.4, side, side, "f")
            draw_text(canvas, self.text, self.style.but(colour=self.colour), left + side + 3, baseline)


@dataclass(frozen=True, slots=True)
class CheckBoxes:
    """Options with a box each, ticked or not; they flow over lines as words do.

    Attributes:
        options: (label, is ticked) in order.
        style: Style of the labels.
    """

    options: tuple[tuple[str, bool], ...]
    style: TextStyle

    def height(self, width: float) -> float:
        """Return the height in points."""
        return (max((row for row, _x, _label, _on in self._places(width)), default=0) + 1) * self.style.leading

    def split(self, _width: float, _room: float) -> None:
        """Boxes stay together."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw boxes and labels."""
        style = self.style
        first = top - (style.leading - style.size) / 2 - style.size * 0.88
        for row, left, label, ticked in self._places(width):
            baseline = first - row * style.leading
            with canvas.marked(Element("P", alt=("☑" if ticked else "☐") + label)):
                draw_check_box(canvas, x + left, baseline, style.size, ticked=ticked)
                draw_text(canvas, label, style, x + left + style.size + 1, baseline)

    def _places(self, width: float) -> list[tuple[int, float, str, bool]]:
        places: list[tuple[int, float, str, bool]] = []
        row, x = 0, 0.0
        for label, ticked in self.options:
            needed = self.style.size + 1 + text_width(label, self.style)
            if x and x + needed > width:
                row, x = row + 1, 0.0
            places.append((row, x, label, ticked))
            x += needed + self.style.size * 1.2
        return places


@dataclass(frozen=True, slots=True)
class Vertical:
    """A caption that runs downwards in a narrow column."""

    text: str
    style: TextStyle
    room: float

    def height(self, _width: float) -> float:
        """Return the height that its cell guarantees in points."""
        return self.room

    def split(self, _width: float, _room: float) -> None:
        """A caption stays whole."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the caption."""
        with canvas.marked(Element("P")):
            draw_vertical(canvas, self.text, self.style, x + width / 2, top - self.room / 2, self.room)


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        widths: Column widths in points.
        rows: Cells by row and column; None where a merged cell covers.
        head: Rows at the top that are repeated on each page.
        min_height: Least row height in points.
        whole: Whether it is not divided: a short one reads better in one piece.
    """

    widths: tuple[float, ...]
    rows: tuple[tuple[Cell | None, ...], ...]
    head: int = 0
    min_height: float = 0.0
    fixed: tuple[float, ...] = field(default=(), compare=False)
    whole: bool = False

    @cached_property
    def heights(self) -> list[float]:
        """Row heights in points."""
        if self.fixed:
            return list(self.fixed)
        heights = [self.min_height] * len(self.rows)
        for at, cell, width in self._cells(merged=False):
            heights[at] = max(heights[at], cell.height(width))
        for at, cell, width in self._cells(merged=True):
            lacking = cell.height(width) - sum(heights[at : at + cell.rows])
            heights[at + cell.rows - 1] += max(0.0, lacking)
        return heights

    def _cells(self, *, merged: bool) -> list[tuple[int, Cell, float]]:
        return [
            (at, cell, sum(self.widths[column : column + cell.columns]))
            for at, row in enumerate(self.rows)
            for column, cell in enumerate(row)
            if cell is not None and (cell.rows > 1) is merged
        ]

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return sum(self.heights)

    def split(self, _width: float, room: float) -> "tuple[Block, Block] | None":
        """Divide between rows; a single row that fills more than the room is divided inside its cells."""
        if self.whole:
            return None
        used, end = sum(self.heights[: self.head]), self.head
        while end < len(self.rows) and used + self.heights[end] <= room:
            used += self.heights[end]
            end += 1
        while end > self.head and self._crosses(end):
            end -= 1
        if end == len(self.rows):
            return None
        if end > self.head:
            return self._part(self.head, end), self._part(end, len(self.rows))
        return self._split_row(room - used)

    def _crosses(self, end: int) -> bool:
        """Say whether a merged cell reaches over the edge before a row."""
        return any(at < end < at + cell.rows for at, cell, _width in self._cells(merged=True))

    def _part(self, start: int, end: int) -> "Table":
        return replace(self, rows=self.rows[: self.head] + self.rows[start:end], fixed=())

    def _split_row(self, room: float) -> "tuple[Block, Block] | None":
        """Divide the first body row inside its cells; only worth it when much room is left."""
        if room < 120 or self._crosses(self.head + 1):
            return None
        upper, lower = zip(
            *(_split_cell(cell, self.widths, i, room) for i, cell in enumerate(self.rows[self.head])), strict=True
        )
        body = self.rows[self.head + 1 :]
        first = replace(self, rows=(*self.rows[: self.head], upper))
        return first, replace(self, rows=(*self.rows[: self.head], lower, *body))

    def draw(self, canvas: SheetCanvas, x: float, top: float, _width: float) -> None:
        """Draw fills, rules and cells."""
        tops = [top]
        for height in self.heights:
            tops.append(tops[-1] - height)
        lefts = [x]
        for width in self.widths:
            lefts.append(lefts[-1] + width)
        with canvas.element(Element("Table")):
            with canvas.artifact():
                self._draw_grid(canvas, lefts, tops)
            for at, row in enumerate(self.rows):
                with canvas.element(Element("TR")):
                    for column, cell in enumerate(row):
                        if cell is not None:
                            _draw_cell(canvas, cell, column, at, lefts, tops)

    def _draw_grid(self, canvas: SheetCanvas, lefts: list[float], tops: list[float]) -> None:
        boxes = [
            (
                lefts[c],
                tops[r + cell.rows],
                lefts[c + cell.columns] - lefts[c],
                tops[r] - tops[r + cell.rows],
                cell.fill,
            )
            for r, row in enumerate(self.rows)
            for c, cell in enumerate(row)
            if cell is not None
        ]
        for x, y, width, height, fill in boxes:
            if fill is not None:
                canvas.fill_colour(fill)
                canvas.box(x, y, width, height, "f")
        canvas.stroke_style(HAIR, INNER)
        for x, y, width, height, _fill in boxes:
            canvas.box(x, y, width, height)
        canvas.stroke_style(INK, OUTER)
        canvas.box(lefts[0], tops[-1], lefts[-1] - lefts[0], tops[0] - tops[-1])


def _split_cell(
    cell: Cell | None, widths: Sequence[float], column: int, room: float
) -> tuple[Cell | None, Cell | None]:
    if cell is None:
        return None, None
    inner = cell.inner(sum(widths[column : column + cell.columns]))
    parts = cell.content.split(inner, room - PAD_TOP - PAD_BOTTOM)
    if parts is None:
        return cell, replace(cell, content=Paragraph("", TextStyle()))
    return replace(cell, content=parts[0]), replace(cell, content=parts[1])


def _draw_cell(canvas: SheetCanvas, cell: Cell, column: int, row: int, lefts: list[float], tops: list[float]) -> None:
    width = lefts[column + cell.columns] - lefts[column]
    room = tops[row] - tops[row + cell.rows]
    inner = cell.inner(width)
    slack = max(0.0, room - cell.content.height(inner) - PAD_TOP - PAD_BOTTOM)
    element = Element("TH" if cell.header else "TD", scope=cell.header, span=(cell.columns, cell.rows))
    x, top = lefts[column] + cell.pad_x, tops[row] - PAD_TOP - slack / 2
    if isinstance(cell.content, Paragraph | Number) and cell.content.style.role == "P":
        cell.content.draw_as(element, canvas, x, top, inner)
        return
    with canvas.element(element):
        cell.content.draw(canvas, x, top, inner)
