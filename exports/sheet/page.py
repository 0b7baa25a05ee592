"""From blocks to pages: sizes, filling, headings, paragraphs.

A block knows its height for a width and draws itself below a top edge. Pages
are filled before anything is drawn, so that every page knows how many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from exports.sheet.canvas import MM, PAGE_HEIGHT, PAGE_WIDTH, SheetCanvas
from exports.sheet.faces import HEI_BOLD
from exports.sheet.structure import Element
from exports.sheet.typography import TextStyle, draw_lines, draw_text, lines_of

# GB/T 9704-2012: text 156 mm wide between 28 mm (binding) and 26 mm. Above and
# below an annex form may be narrower than the standard's 37 mm and 35 mm.
LEFT, RIGHT, TOP, BOTTOM = 28 * MM, 26 * MM, 26 * MM, 27 * MM
TEXT_WIDTH = PAGE_WIDTH - LEFT - RIGHT
TEXT_HEIGHT = PAGE_HEIGHT - TOP - BOTTOM
_FULL = 0.01  # points of rounding that do not push a block to the next page

HEADING = TextStyle(HEI_BOLD, 12.5, 18, role="H2")
_PLAIN = TextStyle()


class Block(Protocol):
    """Something that stands in the text column."""

    def height(self, width: float) -> float:
        """Return the height in points in a column of that width."""

    def split(self, width: float, room: float) -> "tuple[Block, Block] | None":
        """Return a part that fits into the room and the rest; None if it cannot be divided there."""

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the block; (x, top) is its upper left corner."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A numbered heading; it stays with what follows and enters the bookmarks."""

    text: str

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return 25.0

    def split(self, _width: float, _room: float) -> None:
        """A heading is one line."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, _width: float) -> None:
        """Draw the heading and its bookmark."""
        canvas.bookmark(self.text, top, level=0)
        with canvas.marked(Element("H2")):
            draw_text(canvas, self.text, HEADING, x, top - 18)


@dataclass(frozen=True, slots=True)
class Space:
    """Vertical white space in points, dropped at the top of a page."""

    points: float

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return self.points

    def split(self, _width: float, _room: float) -> None:
        """White space is not divided."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw nothing."""


@dataclass(frozen=True, slots=True)
class PageBreak(Space):
    """What follows starts a page."""

    points: float = 0.0


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text."""

    text: str
    style: TextStyle = _PLAIN

    def height(self, width: float) -> float:
        """Return the height in points."""
        return len(lines_of(self.text, self.style, width)) * self.style.leading

    def split(self, width: float, room: float) -> "tuple[Block, Block] | None":
        """Divide between lines."""
        lines = lines_of(self.text, self.style, width)
        fits = int(room / self.style.leading)
        if not 0 < fits < len(lines):
            return None
        style = self.style.but(indent=0)
        head, rest = lines[:fits], lines[fits:]
        return Paragraph(_joined(head), style), Paragraph(_joined(rest), style)

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the text."""
        self.draw_as(Element(self.style.role), canvas, x, top, width)

    def draw_as(self, element: Element, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the text as the content of an element, such as the cell that has nothing else in it."""
        with canvas.marked(element):
            draw_lines(canvas, lines_of(self.text, self.style, width), self.style, x, top, width)


def _joined(lines: Sequence[object]) -> str:
    from exports.sheet.breaking import Line

    return "".join(
        line.text + ("\n" if line.ends_paragraph else "") for line in lines if isinstance(line, Line)
    ).removesuffix("\n")


@dataclass(frozen=True, slots=True)
class Placed:
    """A block on a page, with the height of its top edge above the page's lower edge."""

    block: Block
    top: float


def fill_pages(blocks: Sequence[Block]) -> list[list[Placed]]:
    """Return the blocks of each page.

    Args:
        blocks: What to print, in order. A block higher than a page that cannot
            be divided is placed alone and runs over.
    """
    pages = _Pages()
    queue = list(blocks)
    while queue:
        block = queue.pop(0)
        if isinstance(block, PageBreak):
            pages.turn()
        elif isinstance(block, Heading):
            pages.place_with(block, queue[0] if queue else None)
        else:
            rest = pages.place(block)
            if rest is not None:
                queue.insert(0, rest)
    return pages.done()


class _Pages:
    def __init__(self) -> None:
        self._pages: list[list[Placed]] = [[]]
        self._y = PAGE_HEIGHT - TOP

    def turn(self) -> None:
        if self._pages[-1]:
            self._pages.append([])
        self._y = PAGE_HEIGHT - TOP

    def place(self, block: Block) -> Block | None:
        """Place a block, or a part of it; return what is left."""
        height, room = block.height(TEXT_WIDTH), self._y - BOTTOM
        if height <= room + _FULL:
            self._put(block, height)
            return None
        parts = block.split(TEXT_WIDTH, room)
        if parts is not None:
            self._put(parts[0], parts[0].height(TEXT_WIDTH))
            self.turn()
            return parts[1]
        if self._pages[-1]:
            self.turn()
            return block
        self._put(block, height)
        return None

    def place_with(self, heading: Heading, following: Block | None) -> None:
        """Place a heading on the page where what follows begins."""
        height = heading.height(TEXT_WIDTH)
        room = self._y - BOTTOM - height
        if following is not None and following.height(TEXT_WIDTH) > room and not following.split(TEXT_WIDTH, room):
            self.turn()
        self._put(heading, height)

    def _put(self, block: Block, height: float) -> None:
        if isinstance(block, Space) and not self._pages[-1]:
            return
        self._pages[-1].append(Placed(block, self._y))
        self._y -= height

    def done(self) -> list[list[Placed]]:
        return [page for page in self._pages if page]
