"""Putting a typeface into a document.

reportlab embeds a TrueType face as many 256-character fonts whose text cannot
be copied beyond the BMP; here each face becomes one Type0 font with Identity-H
encoding and a UTF-16 ToUnicode map. A character has the same number in every
document (exports.sheet.faces), so that text that was set once can be used again.
Imported late: reportlab is slow to load.
"""

import hashlib
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from reportlab.pdfbase import pdfdoc  # noqa: TID253 - this module is itself imported late

from exports.sheet.faces import Face

_BLOCK = 100  # entries in one bfchar block; readers drop the map beyond this (PDF 32000-1, 9.10.3)
_FULL = 1000  # thousandths of an em: the width of Chinese characters, and of whatever /W does not list


class EmbeddedFont:
    """The part of a face that one document uses.

    reportlab calls addObjects() when the document is saved.

    Attributes:
        used: The characters that stand in the document.
    """

    def __init__(self, face: Face) -> None:
        self.used: set[str] = set()
        self._face = face

    def addObjects(self, doc: Any) -> None:  # noqa: ANN401, N802 - reportlab's untyped hook
        """Put the font objects into the document."""
        face = self._face
        codes = sorted(map(ord, self.used), key=face.number)
        digest = hashlib.sha256(repr(codes).encode()).digest()
        base = "".join(chr(65 + byte % 26) for byte in digest[:6]) + "+" + face.ttf.name.decode("latin1")
        font = pdfdoc.PDFDictionary({
            "Type": "/Font", "Subtype": "/Type0", "BaseFont": pdfdoc.PDFName(base), "Encoding": "/Identity-H",
            "DescendantFonts": pdfdoc.PDFArray([self._descendant(doc, base, codes)]),
            "ToUnicode": doc.Reference(_stream(_to_unicode(face, codes)), f"tu{face.name}"),
        })  # fmt: skip
        doc.idToObject["BasicFonts"].dict[face.name] = doc.Reference(font, f"font{face.name}")

    def _descendant(self, doc: Any, base: str, codes: Sequence[int]) -> Any:  # noqa: ANN401 - see above
        face, ttf = self._face, self._face.ttf
        glyphs = list(dict.fromkeys(face.glyphs[code] for code in codes))
        subset = face.outlines.subset(glyphs)
        file = doc.Reference(_stream(subset, Length1=len(subset)), f"file{face.name}")
        descriptor = pdfdoc.PDFDictionary({
            "Type": "/FontDescriptor", "FontName": pdfdoc.PDFName(base), "Flags": 4, "FontFile2": file,
            "FontBBox": pdfdoc.PDFArray([round(value) for value in ttf.bbox]), "ItalicAngle": 0,
            "Ascent": round(ttf.ascent), "Descent": round(ttf.descent), "CapHeight": round(ttf.capHeight),
            "StemV": round(ttf.stemV),
        })  # fmt: skip
        font = pdfdoc.PDFDictionary({
            "Type": "/Font", "Subtype": "/CIDFontType2", "BaseFont": pdfdoc.PDFName(base), "DW": _FULL,
            "CIDSystemInfo": pdfdoc.PDFDictionary({
                "Registry": pdfdoc.PDFString("Adobe"), "Ordering": pdfdoc.PDFString("Identity"), "Supplement": 0,
            }),
            "FontDescriptor": doc.Reference(descriptor, f"descriptor{face.name}"),
            "W": Written(_widths(face, codes)),
            "CIDToGIDMap": doc.Reference(_stream(_glyph_map(face, codes, glyphs)), f"map{face.name}"),
        })  # fmt: skip
        return doc.Reference(font, f"cid{face.name}")


def _widths(face: Face, codes: Sequence[int]) -> str:
    """Return the widths of what is not as wide as a Chinese character (PDF 32000-1, 9.7.4.3)."""
    widths = ((face.number(code), face.advance(code) * 1000) for code in codes)
    return f"[{' '.join(f'{number} [{width:.10g}]' for number, width in widths if width != _FULL)}]"


def _glyph_map(face: Face, codes: Sequence[int], glyphs: Sequence[int]) -> bytes:
    """Return two bytes for each number up to the last: its glyph in the embedded file, 0 for none."""
    positions = {glyph: index for index, glyph in enumerate(glyphs, 1)}
    table = bytearray(2 * (face.number(codes[-1]) + 1))
    for code in codes:
        struct.pack_into(">H", table, 2 * face.number(code), positions[face.glyphs[code]])
    return bytes(table)


def _to_unicode(face: Face, codes: Sequence[int]) -> bytes:
    """Return the map from numbers back to text (PDF 32000-1, 9.10.3; Adobe Technical Note 5411)."""
    pairs = [_pair(face.number(code), code) for code in codes]
    blocks = [pairs[start : start + _BLOCK] for start in range(0, len(pairs), _BLOCK)]
    mapped = [line for block in blocks for line in (f"{len(block)} beginbfchar", *block, "endbfchar")]
    return "\n".join([*_CMAP_HEAD, *mapped, *_CMAP_TAIL]).encode("ascii")


@lru_cache(maxsize=20_000)
def _pair(number: int, code: int) -> str:
    return f"<{number:04X}> <{chr(code).encode('utf-16-be').hex().upper()}>"


_CMAP_HEAD = (
    "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
    "/CMapName /Adobe-Identity-UCS def", "/CMapType 2 def",
    "1 begincodespacerange", "<0000> <FFFF>", "endcodespacerange",
)  # fmt: skip
_CMAP_TAIL = ("endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end")


class Written(pdfdoc.PDFObject):  # type: ignore[misc] # reportlab is untyped
    """An object that is text already: reportlab is slow at arrays."""

    def __init__(self, text: str) -> None:
        self._text = text

    def format(self, _document: object) -> bytes:
        """Return it as it is."""
        return self._text.encode("ascii")


def _stream(content: bytes, **entries: int) -> Any:  # noqa: ANN401 - reportlab is untyped
    """Return a stream as it is: exports.sheet.archive compresses all of them."""
    stream = pdfdoc.PDFStream()
    stream.content = content
    for name, value in entries.items():
        stream.dictionary[name] = value
    return stream
