"""The pages of the plan book: which stands where, and drawing them in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

import shapely

from exports.book_blocks import Chapter, Cover, Entry, IndexColumns
from exports.book_tables import Row, chapter_table, district_of, grouped, summary
from exports.photo_copies import BOOK
from exports.sheet import wording
from exports.sheet.canvas import PAGE_HEIGHT, SheetCanvas
from exports.sheet.data import SheetData
from exports.sheet.document import parts
from exports.sheet.faces import SONG, SONG_BOLD, MissingCharacters, require
from exports.sheet.furniture import Furniture
from exports.sheet.page import LEFT, TEXT_WIDTH, Block, Paragraph, Placed, Space, fill_pages
from exports.sheet.parts import chinese
from exports.sheet.photo_grid import PhotoGrid
from exports.sheet.profile import text_of
from exports.sheet.typography import TextStyle
from fieldsurvey.errors import FieldSurveyError

SHEET_ERRORS = (FieldSurveyError, OSError, ValueError, ArithmeticError, LookupError, shapely.errors.ShapelyError)
MISSING_MARK = "〓"  # what printers set for a character they do not have
_NOTICE_TITLE = TextStyle(SONG_BOLD, 18, 28, align="centre", role="H1")
_NOTICE = TextStyle(SONG, 11, 18, indent=2)
_SUMMARY, _INDEX = "第一章　改造计划汇总", "小区索引"
Pages = list[list[Placed]]


class BookCanvas(SheetCanvas):
    """A canvas whose outline has districts above communities above the parts of a sheet.

    Attributes:
        depth: Level of headings; level -1 is what stands above them.
    """

    depth = 1

    def bookmark(self, title: str, top: float, level: int) -> None:
        """Add a closed entry to the outline that leads to a height on this page."""
        key = f"b{self.page}-{top:.0f}"
        self.bookmarkHorizontal(key, 0, top)
        self.addOutlineEntry(title, key, level=level + self.depth, closed=True)

    def signature_place(self, name: str, label: str, box: tuple[float, float, float, float]) -> None:
        """Leave no field: single sheets are signed, and each place would be there once per community."""


@dataclass(frozen=True, slots=True)
class SheetPages:
    """The laid-out pages of one community.

    Attributes:
        uid: The community.
        label: Code and name.
        title: Title in the header.
        pages: Blocks with their places.
        canonical: The sheet's data; empty if it could not be made.
    """

    uid: str
    label: str
    title: str
    pages: Pages
    canonical: bytes = b""


@dataclass(frozen=True, slots=True)
class Words:
    """What the book's own pages say besides the figures.

    Attributes:
        title: Title, one line for each part.
        short_title: Title in the header.
        number: 编号 of the book.
        foot: Lines at the foot of the cover.
        mark: What stands at the head of the cover: whom the book is for; may be empty.
        figures: Line below the title: how much the book is about.
    """

    title: tuple[str, ...]
    short_title: str
    number: str
    foot: tuple[str, ...]
    mark: str = ""
    figures: str = ""


def printable(text: str) -> str:
    """Return a text in which characters that no typeface has are marked."""
    try:
        require(text)
    except MissingCharacters as error:
        for char in error.characters:
            text = text.replace(char, MISSING_MARK)
    return text


def sheet_pages(uid: str, label: str, data: SheetData) -> SheetPages:
    """Return the pages of a sheet.

    Raises:
        MissingCharacters: If a text has characters that no typeface has.
    """
    canonical = data.canonical()
    require(canonical.decode())
    blocks = [replace(each, pixels=BOOK) if isinstance(each, PhotoGrid) else each for each in parts(data)]
    return SheetPages(uid, label, wording.SHORT_TITLE.format(name=data.name), fill_pages(blocks), canonical)


def notice_page(uid: str, label: str, why: str) -> SheetPages:
    """Return the page that stands for a sheet which could not be made."""
    text = f"本小区评估表未能生成，未列入本册。原因：{printable(why)}"
    blocks: list[Block] = [Paragraph(label, _NOTICE_TITLE), Space(12), Paragraph(text, _NOTICE)]
    return SheetPages(uid, label, wording.SHORT_TITLE.format(name=label), fill_pages(blocks))


@lru_cache(maxsize=4096)
def _pinyin(name: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return " ".join(lazy_pinyin(name, style=Style.NORMAL))


class Layout:
    """All pages of the book in order."""

    def __init__(self, words: Words, rows: Sequence[Row], sheets: Mapping[str, SheetPages], own: Furniture) -> None:
        """Lay out.

        Args:
            words: Title and the like.
            rows: Communities in the order of the book.
            sheets: Pages by uid.
            own: Header and footer. Every page carries the code of the book, which is what verify() compares.
        """
        self._words, self._rows, self._sheets, self._own = words, rows, sheets, own
        self._districts = grouped(rows, district_of)
        self._titles = [f"第{chinese(number)}章　{name}" for number, name in enumerate(self._districts, 2)]
        self._summary = fill_pages([Chapter(_SUMMARY), *summary(rows)])
        self._first: dict[str, int] = {}
        self._marks: dict[str, int] = {}
        self._place()

    def _place(self) -> None:
        """Find the first page of everything. Lines of contents and index are as high whatever their number is."""
        at = 2 + len(self._contents())
        self._marks[_SUMMARY] = at
        at += len(self._summary)
        for title, rows in zip(self._titles, self._districts.values(), strict=True):
            self._marks[title] = at
            at += len(self._opening(title, rows))
            for row in rows:
                self._first[str(row["uid"])] = at
                at += len(self._sheets[str(row["uid"])].pages)
        self._marks[_INDEX] = at
        self.count = at + len(self._index()) - 1

    def _contents(self) -> Pages:
        at = self._marks.get
        blocks: list[Block] = [Chapter("目　录"), Entry(_SUMMARY, at(_SUMMARY, 0), True)]
        for title, rows in zip(self._titles, self._districts.values(), strict=True):
            blocks.append(Entry(f"{title}（{len(rows)}个小区）", at(title, 0), True))
            blocks += [self._entry(row) for row in rows]
        return fill_pages([*blocks, Entry(_INDEX, at(_INDEX, 0), True)])

    def _entry(self, row: Row) -> Entry:
        return Entry(
            "　".join(filter(None, (text_of(row["code"]), text_of(row["name"])))), self._first.get(str(row["uid"]), 0)
        )

    def _opening(self, title: str, rows: Sequence[Row]) -> Pages:
        return fill_pages([Chapter(title), chapter_table(rows, self._first)])

    def _index(self) -> Pages:
        """By name in the order of pinyin, under initials, in two columns."""
        rows = sorted(self._rows, key=lambda row: (_pinyin(text_of(row["name"])), text_of(row["code"])))
        lines: list[tuple[str, int]] = []
        for initial, members in groupby(rows, key=lambda row: _pinyin(text_of(row["name"]))[:1].upper() or "#"):
            lines.append((initial, 0))
            lines += [
                (f"{text_of(row['name'])}（{district_of(row)}）", self._first[str(row["uid"])]) for row in members
            ]
        return fill_pages([Chapter(_INDEX), IndexColumns(tuple(lines))])

    def draw(self, canvas: BookCanvas, step: Callable[[str], None]) -> dict[str, str]:
        """Draw all pages; return uid -> reason for the sheets that could not be drawn.

        If there are any, the canvas is of no use.

        Args:
            canvas: Where to draw.
            step: Called before each sheet with its label.
        """
        failed: dict[str, str] = {}
        self._draw_own(
            canvas,
            fill_pages([Cover(self._words.title, self._words.foot, self._words.mark, self._words.figures)]),
            is_bare=True,
        )
        self._draw_own(canvas, self._contents())
        self._draw_own(canvas, self._summary)
        for title, rows in zip(self._titles, self._districts.values(), strict=True):
            self._draw_own(canvas, self._opening(title, rows))
            for row in rows:
                sheet = self._sheets[str(row["uid"])]
                step(sheet.label)
                try:
                    self._draw_sheet(canvas, sheet)
                except SHEET_ERRORS as error:
                    failed[sheet.uid] = str(error) or type(error).__name__
        self._draw_own(canvas, self._index())
        return failed

    def _draw_sheet(self, canvas: BookCanvas, sheet: SheetPages) -> None:
        canvas.depth = 2
        canvas.bookmark(sheet.label, PAGE_HEIGHT, level=-1)
        self._draw_pages(canvas, sheet.pages, replace(self._own, title=sheet.title))

    def _draw_own(self, canvas: BookCanvas, pages: Pages, *, is_bare: bool = False) -> None:
        canvas.depth = 1
        self._draw_pages(canvas, pages, None if is_bare else self._own)

    def _draw_pages(self, canvas: BookCanvas, pages: Pages, furniture: Furniture | None) -> None:
        for page in pages:
            for placed in page:
                placed.block.draw(canvas, LEFT, placed.top, TEXT_WIDTH)
            if furniture is not None:
                furniture.draw(canvas, canvas.page + 1, self.count)
            canvas.next_page()
