"""The typefaces of a sheet: which face has a character, how wide it is, how it is embedded.

reportlab embeds a TrueType face as many 256-character fonts whose text cannot
be copied beyond the BMP; here each face becomes one Type0 font with Identity-H
encoding and a UTF-16 ToUnicode map. Imported late: reportlab is slow to load.
"""

import hashlib
import struct
from functools import cache
from typing import Any

from reportlab.pdfbase import pdfdoc  # noqa: TID253 - this module is itself imported late
from reportlab.pdfbase.ttfonts import TTFontFace  # noqa: TID253 - see above

from exports.sheet.fonts import FOLDER
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

SONG, SONG_BOLD, HEI, HEI_BOLD, KAI = "Song", "SongBold", "Hei", "HeiBold", "Kai"
FALLBACK = (SONG, HEI)
_NOT_FROM_KAI = "“”‘’"  # proportional there: pressing marks together needs the full-width ones
_ASCII = bytes([10, *range(32, 127)])  # every face has it; a line end is not printed
_BLOCK = 100  # entries in one bfchar block; readers drop the map beyond this (PDF 32000-1, 9.10.3)


class MissingCharacters(InputRefused):
    """No vendored typeface has these characters.

    Attributes:
        characters: The characters, sorted.
    """

    def __init__(self, characters: set[str]) -> None:
        self.characters = "".join(sorted(characters))
        named = "、".join(f"{char} (U+{ord(char):04X})" for char in self.characters)
        super().__init__(
            _("No typeface has these characters: {named}. Replace them in the record.").format(named=named)
        )


class _Glyphs:
    """The table of outlines, of which a subset takes a few slices: copying all of it costs more than the slices."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data, self._start = data, start

    def __getitem__(self, part: slice) -> bytes:
        return self._data[self._start + part.start : self._start + part.stop]


class _File(TTFontFace):  # type: ignore[misc] # reportlab is untyped
    def get_table(self, tag: str) -> "bytes | _Glyphs":
        if tag == "glyf":
            return _Glyphs(self._ttf_data, self.get_table_pos(tag)[0])
        table: bytes = super().get_table(tag)
        return table


class Face:
    """One typeface file.

    Attributes:
        name: Name in FALLBACK and in text styles.
        glyphs: Glyph number by code point.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.ttf: Any = _File(str(FOLDER / f"{name}.ttf"))
        self.glyphs: dict[int, int] = dict(self.ttf.charToGlyph)
        if name == KAI:
            for char in _NOT_FROM_KAI:
                self.glyphs.pop(ord(char), None)

    def advance(self, code: int) -> float:
        """Return the width of a character in em."""
        return float(self.ttf.charWidths.get(code, self.ttf.defaultWidth)) / 1000


class Chain:
    """A face with the faces that stand in for it, character by character."""

    def __init__(self, name: str) -> None:
        self._faces = [face(each) for each in dict.fromkeys((name, *FALLBACK))]
        self._found: dict[str, tuple[Face, float]] = {}

    def pick(self, char: str) -> tuple[Face, float]:
        """Return the face that has a character, and its width in em.

        Raises:
            MissingCharacters: If no face has it.
        """
        found = self._found.get(char)
        if found is None:
            code = ord(char)
            has = next((each for each in self._faces if code in each.glyphs), None)
            if has is None:
                raise MissingCharacters({char})
            found = self._found[char] = (has, has.advance(code))
        return found

    def width(self, char: str) -> float:
        """Return the width of a character in em."""
        return self.pick(char)[1]

    def runs(self, text: str) -> list[tuple[Face, str]]:
        """Return a text as runs of one face each."""
        runs: list[tuple[Face, str]] = []
        for char in text:
            used = self.pick(char)[0]
            if runs and runs[-1][0] is used:
                runs[-1] = (used, runs[-1][1] + char)
            else:
                runs.append((used, char))
        return runs


@cache
def face(name: str) -> Face:
    """Return a typeface, read once per process."""
    return Face(name)


@cache
def chain(name: str) -> Chain:
    """Return a typeface with its fallbacks."""
    return Chain(name)


def require(text: str | bytes) -> None:
    """Check that every character can be printed.

    Args:
        text: Text, or its UTF-8: the data of a sheet are mostly ASCII, which is passed over at once.

    Raises:
        MissingCharacters: Naming all that cannot.
    """
    data = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    missing = set(data.translate(None, _ASCII).decode(errors="surrogatepass")) - _printable()
    if missing:
        raise MissingCharacters(missing)


@cache
def _printable() -> frozenset[str]:
    return frozenset(chr(code) for name in FALLBACK for code in face(name).glyphs)


class EmbeddedFont:
    """The part of a face that one document uses, numbered in order of first use.

    reportlab calls addObjects() when the document is saved.
    """

    def __init__(self, used: Face, internal: str) -> None:
        self.internal = internal
        self._face = used
        self._codes: list[int] = []
        self._numbers: dict[str, str] = {}

    def encode(self, text: str) -> str:
        """Return text as the hexadecimal string of a Tj operator."""
        return "".join([self._numbers.get(char) or self._number(char) for char in text])

    def _number(self, char: str) -> str:
        self._codes.append(ord(char))
        number = self._numbers[char] = f"{len(self._codes):04X}"
        return number

    def addObjects(self, doc: Any) -> None:  # noqa: ANN401, N802 - reportlab's untyped hook
        """Put the font objects into the document."""
        ttf = self._face.ttf
        digest = hashlib.sha256(repr(self._codes).encode()).digest()
        base = "".join(chr(65 + byte % 26) for byte in digest[:6]) + "+" + ttf.name.decode("latin1")
        order = list({self._face.glyphs[code]: code for code in reversed(self._codes)}.values())[::-1]
        position = {self._face.glyphs[code]: index for index, code in enumerate(order, 1)}
        glyphs = [0, *(position[self._face.glyphs[code]] for code in self._codes)]
        descendant = self._descendant(doc, base, ttf.makeSubset(order), glyphs)
        font = pdfdoc.PDFDictionary({
            "Type": "/Font", "Subtype": "/Type0", "BaseFont": pdfdoc.PDFName(base), "Encoding": "/Identity-H",
            "DescendantFonts": pdfdoc.PDFArray([descendant]),
            "ToUnicode": doc.Reference(_stream(self._to_unicode()), f"tu{self.internal}"),
        })  # fmt: skip
        doc.idToObject["BasicFonts"].dict[self.internal] = doc.Reference(font, f"font{self.internal}")

    def _descendant(self, doc: Any, base: str, subset: bytes, glyphs: list[int]) -> Any:  # noqa: ANN401
        ttf = self._face.ttf
        file = doc.Reference(_stream(subset, Length1=len(subset)), f"file{self.internal}")
        descriptor = pdfdoc.PDFDictionary({
            "Type": "/FontDescriptor", "FontName": pdfdoc.PDFName(base), "Flags": 4, "FontFile2": file,
            "FontBBox": pdfdoc.PDFArray([round(value) for value in ttf.bbox]), "ItalicAngle": 0,
            "Ascent": round(ttf.ascent), "Descent": round(ttf.descent), "CapHeight": round(ttf.capHeight),
            "StemV": round(ttf.stemV),
        })  # fmt: skip
        widths = " ".join(f"{self._face.advance(code) * 1000:.10g}" for code in self._codes)
        table = struct.pack(f">{len(glyphs)}H", *glyphs)
        font = pdfdoc.PDFDictionary({
            "Type": "/Font", "Subtype": "/CIDFontType2", "BaseFont": pdfdoc.PDFName(base), "DW": 1000,
            "CIDSystemInfo": pdfdoc.PDFDictionary({
                "Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"), "Supplement": 0,
            }),
            "FontDescriptor": doc.Reference(descriptor, f"descriptor{self.internal}"),
            "W": _Written(f"[ 1 [ {widths} ] ]"),
            "CIDToGIDMap": doc.Reference(_stream(table), f"map{self.internal}"),
        })  # fmt: skip
        return doc.Reference(font, f"cid{self.internal}")

    def _to_unicode(self) -> bytes:
        """Return the map from numbers back to text (PDF 32000-1, 9.10.3; Adobe Technical Note 5411)."""
        pairs = [
            f"<{number:04X}> <{chr(code).encode('utf-16-be').hex().upper()}>"
            for number, code in enumerate(self._codes, 1)
        ]
        blocks = [pairs[start : start + _BLOCK] for start in range(0, len(pairs), _BLOCK)]
        mapped = [line for block in blocks for line in (f"{len(block)} beginbfchar", *block, "endbfchar")]
        return "\n".join([*_CMAP_HEAD, *mapped, *_CMAP_TAIL]).encode("ascii")


_CMAP_HEAD = (
    "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
    "/CMapName /Adobe-Identity-UCS def", "/CMapType 2 def",
    "1 begincodespacerange", "<0000> <FFFF>", "endcodespacerange",
)  # fmt: skip
_CMAP_TAIL = ("endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end")


class _Written(pdfdoc.PDFObject):  # type: ignore[misc] # reportlab is untyped
    """An object that is text already: reportlab is slow at long arrays."""

    def __init__(self, text: str) -> None:
        self._text = text

    def format(self, _document: object) -> bytes:
        return self._text.encode("ascii")


def _stream(content: bytes, **entries: int) -> Any:  # noqa: ANN401 - reportlab is untyped
    """Return a stream as it is: exports.sheet.archive compresses all of them."""
    stream = pdfdoc.PDFStream()
    stream.content = content
    for name, value in entries.items():
        stream.dictionary[name] = value
    return stream
