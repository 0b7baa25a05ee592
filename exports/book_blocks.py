"""Blocks that only the plan book has: cover, chapter title, lines of the contents, bar chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from exports.sheet.canvas import BLACK, Colour, SheetCanvas
from exports.sheet.faces import HEI, SONG, SONG_BOLD
from exports.sheet.page import TEXT_HEIGHT
from exports.sheet.structure import Element
from exports.sheet.typography import TextStyle, draw_lines, draw_text, lines_of, marked_text, text_width

_COVER_TITLE = TextStyle(SONG_BOLD, 30, 44, align="centre", role="H1")
_COVER_LINE = TextStyle(SONG, 16, 28, align="centre")
_COVER_MARK = TextStyle(HEI, 14, 20)  # 密级和保密期限的位置 (GB/T 9704-2012, 7.2.2)
_COVER_FIGURES = TextStyle(SONG, 13, 20)
_CHAPTER = TextStyle(SONG_BOLD, 22, 32, align="centre", role="H1")
_ENTRY = TextStyle(SONG, 10.5, 17.5)
_ENTRY_BOLD = TextStyle(HEI, 11, 22)
_DOT_PITCH = 4.2
_INDEX, _INITIAL = TextStyle(SONG, 9.5, 14), TextStyle(HEI, 11, 14)
_INDEX_ROW, _INDEX_GUTTER = 15.5, 22.0
_GREY: Colour = (0.45, 0.45, 0.45)
_BAR: Colour = (0.23, 0.40, 0.62)
_BAR_ROW, _BAR_HEIGHT, _BAR_TITLE = 20.0, 11.0, 24.0
_LABEL = TextStyle(SONG, 9.5, 13)
_CHART_TITLE = TextStyle(HEI, 10.5, 15, align="centre")


@dataclass(frozen=True, slots=True)
class Cover:
    """The first page.

    Attributes:
        title: Title of the book, one line for each part.
        lines: What stands at the foot: unit, day.
        mark: What stands at the head: whom the book is for.
        figures: Line below the title.
    """

    title: Sequence[str]
    lines: Sequence[str]
    mark: str = ""
    figures: str = ""

    def height(self, _width: float) -> float:
        """Return the height in points: the whole page."""
        return TEXT_HEIGHT

    def split(self, _width: float, _room: float) -> None:
        """A cover is one page."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw title and lines."""
        lines = lines_of("\n".join(self.title), _COVER_TITLE, width)
        canvas.bookmark("封面", top, level=-1)
        with canvas.marked(Element("H1")):
            draw_lines(canvas, lines, _COVER_TITLE, x, top - TEXT_HEIGHT * 0.22, width)
        with canvas.artifact():
            canvas.stroke_style(BLACK, 0.8)
            y = top - TEXT_HEIGHT * 0.22 - len(lines) * _COVER_TITLE.leading - 18
            canvas.polyline([(x + width * 0.2, y), (x + width * 0.8, y)])
            canvas.stroke_style(BLACK, 2.2)
            canvas.polyline([(x + width * 0.2, y - 3.5), (x + width * 0.8, y - 3.5)])
        if self.mark:
            marked_text(canvas, self.mark, _COVER_MARK, x, top - 20)
        if self.figures:
            marked_text(canvas, self.figures, _COVER_FIGURES, x + width / 2, y - 34, "centre")
        foot = lines_of("\n".join(self.lines), _COVER_LINE, width)
        with canvas.marked(Element("P")):
            draw_lines(canvas, foot, _COVER_LINE, x, top - TEXT_HEIGHT * 0.80, width)


@dataclass(frozen=True, slots=True)
class Chapter:
    """The title of a chapter at the head of its page; it enters the bookmarks."""

    text: str

    def height(self, width: float) -> float:
        """Return the height in points."""
        return len(lines_of(self.text, _CHAPTER, width)) * _CHAPTER.leading + 14

    def split(self, _width: float, _room: float) -> None:
        """A title stays whole."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the title and its bookmark."""
        canvas.bookmark(self.text, top, level=-1)
        with canvas.marked(Element("H1")):
            draw_lines(canvas, lines_of(self.text, _CHAPTER, width), _CHAPTER, x, top, width)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of contents or index: what, dots, page.

    Attributes:
        text: What; cut with an ellipsis if it is too long for the line.
        page: Page number of the book.
        is_chapter: True for a chapter, False for a community below it.
    """

    text: str
    page: int
    is_chapter: bool = False

    @property
    def _style(self) -> TextStyle:
        return _ENTRY_BOLD if self.is_chapter else _ENTRY

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return self._style.leading

    def split(self, _width: float, _room: float) -> None:
        """A line stays whole."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the line."""
        style, left = self._style, x + (0 if self.is_chapter else 20)
        baseline, number = top - style.leading + 5, str(self.page)
        room = x + width - left - text_width(number, style) - 12
        text = self.text
        while text_width(text, style) > room:
            text = text[:-2] + "…"
        with canvas.linked(_told(self.text, number), self.page - 1, (left, top - style.leading, x + width, top)):
            drawn = draw_text(canvas, text, style, left, baseline)
            number_width = draw_text(canvas, number, style, x + width, baseline, "right")
        with canvas.artifact():
            # Dots on a grid of the column stand below each other from line to line.
            first, last = left + drawn + 5, x + width - number_width - 5
            canvas.stroke_style(_GREY, 0.7, (0.7, _DOT_PITCH - 0.7))
            start = x + -(-(first - x) // _DOT_PITCH) * _DOT_PITCH
            if start < last:
                canvas.polyline([(start, baseline + 1.2), (last, baseline + 1.2)])


def _told(text: str, page: str) -> str:
    return f"{text}，转到第{page}页"


@dataclass(frozen=True, slots=True)
class IndexColumns:
    """The index in two columns, read downwards.

    Attributes:
        lines: (text, page); an initial has page 0.
    """

    lines: tuple[tuple[str, int], ...]

    @property
    def _rows(self) -> int:
        """Lines of the first column: half of all, and one more where an initial would be its last."""
        rows = -(-len(self.lines) // 2)
        return rows + (1 < rows < len(self.lines) and not self.lines[rows - 1][1])

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return self._rows * _INDEX_ROW

    def split(self, width: float, room: float) -> "tuple[IndexColumns, IndexColumns] | None":
        """Divide between lines; an initial is not the last of a page."""
        count = min(int(room // _INDEX_ROW) * 2, len(self.lines) - 1)
        while count > 0 and (not self.lines[count - 1][1] or IndexColumns(self.lines[:count]).height(width) > room):
            count -= 1
        return (IndexColumns(self.lines[:count]), IndexColumns(self.lines[count:])) if count > 0 else None

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the lines."""
        rows, column = self._rows, (width - _INDEX_GUTTER) / 2
        for index, (text, number) in enumerate(self.lines):
            left = x + index // rows * (column + _INDEX_GUTTER)
            baseline = top - index % rows * _INDEX_ROW - _INDEX_ROW + 5
            if number:
                self._draw_line(canvas, text, str(number), left, baseline, column)
            else:
                marked_text(canvas, text, _INITIAL, left, baseline)

    def _draw_line(self, canvas: SheetCanvas, text: str, number: str, x: float, baseline: float, width: float) -> None:
        room = width - text_width(number, _INDEX) - 10
        while text_width(text, _INDEX) > room:
            text = text[:-2] + "…"
        box = (x, baseline - 4, x + width, baseline + _INDEX_ROW - 4)
        with canvas.linked(_told(text, number), int(number) - 1, box):
            drawn = draw_text(canvas, text, _INDEX, x, baseline)
            number_width = draw_text(canvas, number, _INDEX, x + width, baseline, "right")
        first, last = x + drawn + 4, x + width - number_width - 4
        with canvas.artifact():
            if first < last:
                canvas.stroke_style(_GREY, 0.7, (0.7, _DOT_PITCH - 0.7))
                canvas.polyline([(first, baseline + 1.2), (last, baseline + 1.2)])


@dataclass(frozen=True, slots=True)
class BarChart:
    """Horizontal bars with their figures.

    Attributes:
        title: What is shown, with unit.
        bars: (label, value, value as printed), in order.
    """

    title: str
    bars: Sequence[tuple[str, float, str]]

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return _BAR_TITLE + len(self.bars) * _BAR_ROW + 8

    def split(self, _width: float, _room: float) -> None:
        """A chart stays whole."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw title, axis and bars; lengths are to scale from zero."""
        marked_text(canvas, self.title, _CHART_TITLE, x + width / 2, top - 15, "centre")
        told = "；".join(f"{label} {printed}" for label, _value, printed in self.bars)
        box = (x, top - self.height(width), x + width, top - _BAR_TITLE)
        with canvas.marked(Element("Figure", alt=f"{self.title}：{told}", box=box)):
            self._draw_bars(canvas, x, top - _BAR_TITLE, width)

    def _draw_bars(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        labels = max(text_width(label, _LABEL) for label, _value, _printed in self.bars)
        figures = max(text_width(printed, _LABEL) for _label, _value, printed in self.bars)
        axis, largest = x + min(labels, width * 0.4) + 8, max(value for _label, value, _printed in self.bars)
        scale = (x + width - figures - 10 - axis) / largest if largest > 0 else 0.0
        for index, (label, value, printed) in enumerate(self.bars):
            y = top - index * _BAR_ROW - (_BAR_ROW + _BAR_HEIGHT) / 2
            draw_text(canvas, label, _LABEL, axis - 6, y + 2, "right")
            canvas.fill_colour(_BAR)
            canvas.box(axis, y, max(value, 0.0) * scale, _BAR_HEIGHT, "f")
            draw_text(canvas, printed, _LABEL, axis + max(value, 0.0) * scale + 4, y + 2)
        canvas.stroke_style(_GREY, 0.6)
        canvas.polyline([(axis, top - 2), (axis, top - len(self.bars) * _BAR_ROW)])
