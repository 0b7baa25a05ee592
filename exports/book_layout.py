"""The pages of the plan book: which stands where, and drawing them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import BinaryIO

from exports.book_blocks import Chapter, Cover, Entry, IndexColumns
from exports.book_tables import Row, chapter_table, district_of, grouped, summary
from exports.photo_copies import BOOK
from exports.sheet import wording
from exports.sheet.canvas import PAGE_HEIGHT, SheetCanvas
from exports.sheet.data import SheetData
from exports.sheet.document import SHEET_ERRORS, parts
from exports.sheet.faces import SONG, SONG_BOLD, MissingCharacters, require
from exports.sheet.furniture import Furniture
from exports.sheet.page import LEFT, TEXT_WIDTH, Block, Paragraph, Placed, Space, fill_pages
from exports.sheet.parts import chinese
from exports.sheet.photo_grid import PhotoGrid
from exports.sheet.profile import joined, text_of
from exports.sheet.structure import Element
from exports.sheet.typography import TextStyle

MISSING_MARK = "〓"  # what printers set for a character they do not have
_NOTICE_TITLE = TextStyle(SONG_BOLD, 18, 28, align="centre", role="H1")
_NOTICE = TextStyle(SONG, 11, 18, indent=2)
_SUMMARY, _INDEX = "第一章　改造计划汇总", "小区索引"
Pages = list[list[Placed]]


class BookCanvas(SheetCanvas):
    """A canvas whose pages are drawn in any order, with an outline of districts, communities and parts of a sheet.

    Attributes:
        depth: Level of headings; level -1 is what stands above them.
    """

    depth = 1

    def __init__(self, stream: BinaryIO, title: str, author: str, subject: str) -> None:
        super().__init__(stream, title, author, subject)
        self._drawn: list[int] = []  # index of each page, in the order in which they were drawn
        self._entries: list[tuple[int, str, str, int]] = []  # of the outline: page, title, key, level
        self._sections: list[tuple[int, Element]] = []

    def bookmark(self, title: str, top: float, level: int) -> None:
        """Add a closed entry to the outline that leads to a height on this page."""
        key = f"b{self.page}-{top:.0f}"
        self.bookmarkHorizontal(key, 0, top)
        self._entries.append((self.page, title, key, level + self.depth))

    def signature_place(self, name: str, label: str, box: tuple[float, float, float, float]) -> None:
        """Leave no field: single sheets are signed, and each place would be there once per community."""

    def next_page(self) -> None:
        """Finish the page."""
        self._drawn.append(self.page)
        super().next_page()

    def keep_free(self, count: int) -> int:
        """Leave places for pages that name others and are drawn when these are known; return the first's index."""
        first = self.page
        self.page += count
        return first

    @contextmanager
    def at(self, page: int) -> Iterator[None]:
        """Draw into places that were kept free."""
        back, self.page = self.page, page
        yield
        self.page = back

    @contextmanager
    def section(self) -> Iterator[None]:
        """Draw what belongs together, from this page on; if it cannot be drawn, leave nothing of it."""
        first, entries = self.page, len(self._entries)
        section = Element("Sect")
        self._sections.append((first, section))
        try:
            with self.element(section):
                yield
        except BaseException:
            self._forget(first, entries)
            raise

    def _forget(self, first: int, entries: int) -> None:
        self.structure.give_up(first)
        self._sections.pop()
        del self._entries[entries:]
        pages = self._doc.Pages.pages
        for page in pages[len(pages) - (self.page - first) :]:
            page.Contents = page.Annots = page.XObjects = None
            page.stream = " "
        del pages[len(pages) - (self.page - first) :], self._drawn[len(self._drawn) - (self.page - first) :]
        self._code.clear()
        self.page = first

    def save(self) -> None:
        """Write the file, its pages, sections and outline in the order of reading."""
        pages = self._doc.Pages.pages
        pages[:] = [page for _index, page in sorted(zip(self._drawn, pages, strict=True), key=_first)]
        self.structure.root.kids[:] = [section for _index, section in sorted(self._sections, key=_first)]
        for _index, title, key, level in sorted(self._entries, key=_first):
            self.addOutlineEntry(title, key, level=level, closed=True)
        super().save()


_first = itemgetter(0)


@dataclass(frozen=True, slots=True)
class SheetPages:
    """The laid-out pages of one community.

    Attributes:
        label: Code and name.
        title: Title in the header.
        pages: Blocks with their places.
        canonical: The sheet's data; empty if it could not be made.
    """

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


def label_of(row: Row) -> str:
    """Return code and name of a community as the book names it."""
    return joined(row, "code", "name") or str(row["uid"])[-8:]


def sheet_pages(label: str, data: SheetData) -> SheetPages:
    """Return the pages of a sheet.

    Raises:
        MissingCharacters: If a text has characters that no typeface has.
    """
    canonical = data.canonical()
    require(canonical)
    blocks = [replace(each, pixels=BOOK) if isinstance(each, PhotoGrid) else each for each in parts(data)]
    return SheetPages(label, wording.SHORT_TITLE.format(name=data.name), fill_pages(blocks), canonical)


def notice_page(label: str, why: str) -> SheetPages:
    """Return the page that stands for a sheet which could not be made."""
    text = f"本小区评估表未能生成，未列入本册。原因：{printable(why)}"
    blocks: list[Block] = [Paragraph(label, _NOTICE_TITLE), Space(12), Paragraph(text, _NOTICE)]
    return SheetPages(label, wording.SHORT_TITLE.format(name=label), fill_pages(blocks))


@lru_cache(maxsize=4096)
def _pinyin(name: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return " ".join(lazy_pinyin(name, style=Style.NORMAL))


class Layout:
    """All pages of the book, drawn one community after the other: a city in memory at once would be hundreds of MB.

    What names pages (contents, lists of the districts) is as high whatever their
    number is: its places are kept free and drawn in the end.

    Attributes:
        failed: Uid -> reason, for each sheet that could not be made.
        data: Uid -> canonical data of the sheets that were drawn.
    """

    def __init__(self, words: Words, rows: Sequence[Row], more: Sequence[Block] = ()) -> None:
        """Prepare.

        Args:
            words: Title and the like.
            rows: Communities in the order of the book.
            more: What follows in the summary.
        """
        self.failed: dict[str, str] = {}
        self.data: dict[str, bytes] = {}
        self._words, self._rows, self._more = words, rows, more
        self._own = Furniture(words.short_title, words.number)
        self._districts = grouped(rows, district_of)
        self._titles = [f"第{chinese(number)}章　{name}" for number, name in enumerate(self._districts, 2)]
        self._first: dict[str, int] = {}
        self._marks: dict[str, int] = {}

    def draw(self, canvas: BookCanvas, sheet_of: Callable[[Row], SheetPages], step: Callable[[Row], None]) -> None:
        """Draw all pages; only the foot, which all of them share, remains to be defined.

        A sheet that cannot be made leaves a page that says why.

        Args:
            canvas: Where to draw.
            sheet_of: Makes the pages of a community's sheet.
            step: Called before each sheet.
        """
        words = self._words
        self._draw_own(canvas, fill_pages([Cover(words.title, words.foot, words.mark, words.figures)]), is_bare=True)
        contents = canvas.keep_free(len(self._contents()))
        self._marks[_SUMMARY] = canvas.page + 1
        self._draw_own(canvas, fill_pages([Chapter(_SUMMARY), *summary(self._rows), *self._more]))
        for title, rows in zip(self._titles, self._districts.values(), strict=True):
            self._marks[title] = canvas.page + 1
            opening = canvas.keep_free(len(self._opening(title, rows)))
            for row in rows:
                step(row)
                self._draw_community(canvas, row, sheet_of)
            with canvas.at(opening):
                self._draw_own(canvas, self._opening(title, rows))
        self._marks[_INDEX] = canvas.page + 1
        self._draw_own(canvas, self._index())
        with canvas.at(contents):
            self._draw_own(canvas, self._contents())

    def _draw_community(self, canvas: BookCanvas, row: Row, sheet_of: Callable[[Row], SheetPages]) -> None:
        uid = str(row["uid"])
        self._first[uid] = canvas.page + 1
        try:
            sheet = sheet_of(row)
            self._draw_sheet(canvas, sheet)
        except SHEET_ERRORS as error:
            self.failed[uid] = str(error) or type(error).__name__
            self._draw_sheet(canvas, notice_page(label_of(row), self.failed[uid]))
        else:
            self.data[uid] = sheet.canonical

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

    def _draw_sheet(self, canvas: BookCanvas, sheet: SheetPages) -> None:
        canvas.depth = 2
        with canvas.section():
            canvas.bookmark(sheet.label, PAGE_HEIGHT, level=-1)
            _draw_pages(canvas, sheet.pages, Furniture(sheet.title, self._words.number))

    def _draw_own(self, canvas: BookCanvas, pages: Pages, *, is_bare: bool = False) -> None:
        canvas.depth = 1
        with canvas.section():
            _draw_pages(canvas, pages, None if is_bare else self._own)


def _draw_pages(canvas: BookCanvas, pages: Pages, furniture: Furniture | None) -> None:
    for page in pages:
        for placed in page:
            placed.block.draw(canvas, LEFT, placed.top, TEXT_WIDTH)
        if furniture is not None:
            furniture.draw(canvas, canvas.page + 1)
        canvas.next_page()
