"""The logical structure of a document: what is a heading, a table, a figure.

Screen readers and PDF/A-3a need it. The tree is plain values while pages are
drawn; exports.sheet.archive writes it into the file.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Element:
    """One node of the structure tree (PDF 32000-1, 14.7.2).

    Attributes:
        role: Standard structure type: Document, H1, P, Table, TR, TH, TD, Figure.
        alt: Description of a figure in words.
        scope: Column or Row for a header cell.
        span: Columns and rows that a cell covers.
        box: Bounding box of a figure on its page, in points.
        signed: Name of the signature field whose place this is; empty for all else.
        leads: Where a Link leads; None for all else.
        kids: Elements, and (page index, marked-content number) for what is drawn.
    """

    role: str
    alt: str = ""
    scope: str = ""
    span: tuple[int, int] = (1, 1)
    box: tuple[float, float, float, float] | None = None
    signed: str = ""
    leads: "LinkPlace | None" = None
    kids: "list[Element | tuple[int, int]]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SignaturePlace:
    """Where somebody may sign electronically: an empty field of the form.

    Attributes:
        name: Name of the field, ASCII; `KEY_sign_N` for the Nth signature below an opinion, else a seal.
        label: Who signs, in words.
        page: Index of the page, 0 for the first.
        box: West, south, east, north on the page, in points.
    """

    name: str
    label: str
    page: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LinkPlace:
    """A place on a page that leads to another page when it is clicked.

    Attributes:
        label: Where it leads, in words.
        page: Index of the page that it is on.
        box: West, south, east, north on the page, in points.
        target: Index of the page that it leads to.
    """

    label: str
    page: int
    box: tuple[float, float, float, float]
    target: int


@dataclass(slots=True)
class Structure:
    """The tree that is being built.

    Attributes:
        root: The whole document.
        pages: For each page, the elements that own its marked content, in order of number.
        places: Where the document may be signed.
        links: What leads to other pages.
    """

    root: Element = field(default_factory=lambda: Element("Document"))
    pages: list[list[Element]] = field(default_factory=list)
    places: list[SignaturePlace] = field(default_factory=list)
    links: list[LinkPlace] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def begin(self, element: Element) -> None:
        """Open an element below the one that is open."""
        self._current().kids.append(element)
        self._open.append(element)

    def end(self) -> None:
        """Close the element opened last."""
        self._open.pop()

    def give_up(self, page: int) -> None:
        """Forget the outermost element that was opened last, and all that was drawn from a page on."""
        self._open.clear()
        self.root.kids.pop()
        del self.pages[page:]
        self.links = [link for link in self.links if link.page < page]

    def mark(self, page: int) -> int:
        """Give what is drawn next to the open element; return its number on the page.

        Args:
            page: Index of the page, 0 for the first.
        """
        while len(self.pages) <= page:
            self.pages.append([])
        owner, number = self._current(), len(self.pages[page])
        self.pages[page].append(owner)
        owner.kids.append((page, number))
        return number

    def sign_here(self, place: SignaturePlace) -> None:
        """Note an empty signature field and give it its element."""
        self.places.append(place)
        self._current().kids.append(Element("Form", alt=place.label, signed=place.name))

    def _current(self) -> Element:
        return self._open[-1] if self._open else self.root
