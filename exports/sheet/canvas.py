"""The canvas that everything is drawn on: reportlab's, with our fonts, marks and shapes.

Lengths are points, the origin is the lower left corner, colours are RGB in
0..1. Imported late: reportlab is slow to load.
"""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from reportlab import rl_config  # noqa: TID253 - this module is itself imported late
from reportlab.pdfbase import pdfdoc  # noqa: TID253 - see above
from reportlab.pdfgen.canvas import Canvas  # noqa: TID253 - see above

from exports.sheet.embedding import EmbeddedFont, Written
from exports.sheet.faces import Face
from exports.sheet.packing import LEVEL
from exports.sheet.structure import Element, LinkPlace, SignaturePlace, Structure

Colour = tuple[float, float, float]
Used = tuple[tuple[Face, str], ...]  # faces with what is set in them
MM = 72 / 25.4
PAGE_WIDTH, PAGE_HEIGHT = 210 * MM, 297 * MM
BLACK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
_ARC = 0.5523  # control length of a quarter circle as a Bezier curve


class SheetCanvas(Canvas):  # type: ignore[misc] # reportlab is untyped
    """One PDF document while it is drawn.

    Attributes:
        structure: The logical structure so far.
        page: Index of the page, 0 for the first.
    """

    def __init__(self, stream: BinaryIO, title: str, author: str, subject: str) -> None:
        rl_config.useA85 = 0  # binary streams: a quarter of the size, less than half of the time
        super().__init__(stream, pagesize=(PAGE_WIDTH, PAGE_HEIGHT), pageCompression=1, invariant=1)
        self.setTitle(title)
        self.setAuthor(author)
        self.setSubject(subject)
        self.setCreator("FieldSurvey")
        self.structure = Structure()
        self.page = 0
        self._embedded: dict[str, EmbeddedFont] = {}
        self._code: list[str]

    def _make_preamble(self) -> None:
        self._preamble = "1 0 0 1 0 0 cm"  # without reportlab's initial font, which would not be embedded

    def op(self, operators: str) -> None:
        """Append PDF operators to the page."""
        self._code.append(operators)

    def next_page(self) -> None:
        """Finish the page. What it draws is kept compressed: a book has a thousand pages."""
        self.showPage()
        done = self._doc.Pages.pages[-1]
        done.Contents, done.stream = _compressed(done.stream), None
        done.MediaBox, done.Resources = _SHEET, _resources(done.XObjects)
        self.page += 1

    @contextmanager
    def form(self, name: str) -> Iterator[None]:
        """Draw once what stands on many pages; each shows it with doForm(name), before or after."""
        page, self._code = self._code, []
        yield
        drawn = _compressed("\n".join(self._code))
        self._code = page
        drawn.dictionary.dict |= {
            "Type": "/XObject", "Subtype": "/Form",
            "BBox": _SHEET, "Resources": _resources(),
        }  # fmt: skip
        self._doc.addForm(name, drawn)

    def use(self, used: Used) -> None:
        """Note which characters the page shows of which faces: the file must have them."""
        for face, text in used:
            font = self._embedded.get(face.name)
            if font is None:
                font = self._embedded[face.name] = EmbeddedFont(face)
                self._doc.fontMapping[face.name] = f"/{face.name}"
                self._doc.delayedFonts.append(font)
            font.used.update(text)

    def element(self, element: Element) -> "_Within":
        """Group what is drawn inside under an element of the structure."""
        return _Within(self, element)

    def marked(self, element: Element) -> "_Within":
        """Draw the content of an element. Marks do not nest."""
        return _Marked(self, element)

    @contextmanager
    def linked(self, label: str, target: int, box: tuple[float, float, float, float]) -> Iterator[None]:
        """Draw the content of a paragraph that leads to another page when it is clicked.

        Args:
            label: Where it leads, in words.
            target: Index of the page.
            box: West, south, east, north of what can be clicked, in points.
        """
        place = LinkPlace(label, self.page, box, target)
        self.structure.links.append(place)
        with self.element(Element("P")), self.marked(Element("Link", leads=place)):
            yield

    def artifact(self) -> "_Between":
        """Draw something without meaning of its own: rules, fills, page furniture."""
        return _Between(self, "/Artifact BMC", "EMC")

    def state(self) -> "_Between":
        """Restore colours, line style and clipping afterwards."""
        return _Between(self, "q", "Q")

    def fill_colour(self, colour: Colour) -> None:
        """Set the colour of fills and text."""
        self.op("{:.3g} {:.3g} {:.3g} rg".format(*colour))

    def stroke_style(self, colour: Colour, width: float, dash: Sequence[float] = ()) -> None:
        """Set colour, width in points and dash pattern of lines."""
        pattern = " ".join(f"{length:.3g}" for length in dash)
        self.op(f"{colour[0]:.3g} {colour[1]:.3g} {colour[2]:.3g} RG {width:.3g} w [{pattern}] 0 d")

    def box(self, x: float, y: float, width: float, height: float, how: str = "S") -> None:
        """Draw a rectangle: S line, f fill, B both, W n clip."""
        self.op(f"{x:.2f} {y:.2f} {width:.2f} {height:.2f} re {how}")

    def polyline(self, points: Sequence[tuple[float, float]], how: str = "S") -> None:
        """Draw a line through points: S open line, s closed, f fill, b both."""
        (x, y), *rest = points
        path = "".join(f"{px:.2f} {py:.2f} l " for px, py in rest)
        self.op(f"{x:.2f} {y:.2f} m {path}{how}")

    def circle(self, x: float, y: float, radius: float, how: str = "S") -> None:
        """Draw a circle."""
        r, k = radius, radius * _ARC
        self.op(
            f"{x + r:.2f} {y:.2f} m "
            f"{x + r:.2f} {y + k:.2f} {x + k:.2f} {y + r:.2f} {x:.2f} {y + r:.2f} c "
            f"{x - k:.2f} {y + r:.2f} {x - r:.2f} {y + k:.2f} {x - r:.2f} {y:.2f} c "
            f"{x - r:.2f} {y - k:.2f} {x - k:.2f} {y - r:.2f} {x:.2f} {y - r:.2f} c "
            f"{x + k:.2f} {y - r:.2f} {x + r:.2f} {y - k:.2f} {x + r:.2f} {y:.2f} c h {how}"
        )

    def signature_place(self, name: str, label: str, box: tuple[float, float, float, float]) -> None:
        """Leave a field in which somebody may sign; box is west, south, east, north in points."""
        self.structure.sign_here(SignaturePlace(name, label, self.page, box))

    def bookmark(self, title: str, top: float, level: int) -> None:
        """Add an entry to the outline that leads to a height on this page."""
        key = f"b{self.page}-{top:.0f}"
        self.bookmarkHorizontal(key, 0, top)
        self.addOutlineEntry(title, key, level=level, closed=False)


class _Within:
    """An open element. A class of its own: a book opens a hundred thousand, and generators take three times as long."""

    __slots__ = ("_canvas", "_element")

    def __init__(self, canvas: SheetCanvas, element: Element) -> None:
        self._canvas, self._element = canvas, element

    def __enter__(self) -> None:
        self._canvas.structure.begin(self._element)

    def __exit__(self, fault: type[BaseException] | None, _value: object, _trace: object) -> None:
        if fault is None:
            self._canvas.structure.end()


class _Marked(_Within):
    """An element whose content is being drawn."""

    __slots__ = ()

    def __enter__(self) -> None:
        canvas = self._canvas
        canvas.structure.begin(self._element)
        canvas.op(f"/{self._element.role} <</MCID {canvas.structure.mark(canvas.page)}>> BDC")

    def __exit__(self, fault: type[BaseException] | None, _value: object, _trace: object) -> None:
        if fault is None:
            self._canvas.op("EMC")
            self._canvas.structure.end()


class _Between:
    """An operator before and one after what is drawn."""

    __slots__ = ("_after", "_before", "_canvas")

    def __init__(self, canvas: SheetCanvas, before: str, after: str) -> None:
        self._canvas, self._before, self._after = canvas, before, after

    def __enter__(self) -> None:
        self._canvas.op(self._before)

    def __exit__(self, fault: type[BaseException] | None, _value: object, _trace: object) -> None:
        if fault is None:
            self._canvas.op(self._after)


_SHEET = Written(f"[0 0 {PAGE_WIDTH:.2f} {PAGE_HEIGHT:.2f}]")


def _resources(pictures: Any = None) -> Any:  # noqa: ANN401 - reportlab is untyped
    """Return what a page or form may refer to: all fonts of the document, and its own pictures."""
    fonts = {"Font": pdfdoc.PDFObjectReference(pdfdoc.BasicFonts)}
    return pdfdoc.PDFDictionary(fonts | ({"XObject": pictures} if pictures else {}))


def _compressed(operators: str) -> Any:  # noqa: ANN401 - reportlab is untyped
    stream = pdfdoc.PDFStream(content=zlib.compress(operators.encode("ascii"), LEVEL))
    stream.dictionary.dict["Filter"] = "/FlateDecode"
    return stream
