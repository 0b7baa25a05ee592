"""The typefaces of a sheet: which face has a character, how wide it is, by which number a document knows it.

exports.sheet.embedding puts the faces into a document. Imported late: reportlab
is slow to load.
"""

import mmap
import struct
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from reportlab.pdfbase.ttfonts import TTFError, TTFontFace  # noqa: TID253 - this module is itself imported late

from exports.sheet.fonts import FOLDER
from exports.sheet.subset import Outlines
from fieldsurvey import settings
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

SONG, SONG_BOLD, HEI, HEI_BOLD, KAI = "Song", "SongBold", "Hei", "HeiBold", "Kai"
FALLBACK = (SONG, HEI)
OFFICE = "Office"  # after the name of ours whose place a face of the office takes
_MARKS = "“”‘’"  # proportional in some faces: pressing marks together needs the full-width ones
_ASCII = bytes([10, *range(32, 127)])  # every face has it; a line end is not printed
_TRIED = "老旧小区改造"
_chosen: dict[str, str] = {}  # face of ours -> file of the office's own; filled at first use
_BMP = 0xFFFF
_SURROGATES = range(0xD800, 0xE000)  # no characters have these numbers


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


class Face:
    """One typeface file.

    Attributes:
        name: Name in FALLBACK, in text styles and in the documents.
        glyphs: Glyph number by code point.
        outlines: What the glyphs look like.
    """

    def __init__(self, name: str, file: Path | None = None) -> None:
        """Read a face: one of ours, or that of a file.

        Raises:
            TTFError, OSError: If the file is no TrueType face, or may not be embedded.
        """
        self.name = name
        ours = FOLDER / f"{name}.ttf"
        self.ttf: Any = TTFontFace(str(file or ours))
        self.glyphs: dict[int, int] = self.ttf.charToGlyph
        _slim(self.ttf, None if file else ours)
        self.outlines = Outlines(self.ttf)
        if name == KAI or file is not None:
            for char in _MARKS:
                if self.advance(ord(char)) < 1:
                    self.glyphs.pop(ord(char), None)
        beyond = sorted(code for code in self.glyphs if code > _BMP)
        self._beyond = dict(zip(beyond, _SURROGATES, strict=False))
        for code in beyond[len(_SURROGATES) :]:
            del self.glyphs[code]

    def advance(self, code: int) -> float:
        """Return the width of a character in em."""
        return float(self.ttf.charWidths.get(code, self.ttf.defaultWidth)) / 1000

    def number(self, code: int) -> int:
        """Return the number of a character in every document: two bytes, most often its code point."""
        return code if code <= _BMP else self._beyond[code]

    def encoded(self, text: str) -> str:
        """Return text as the hexadecimal string of a Tj operator."""
        if max(text) <= "\uffff":
            return text.encode("utf-16-be").hex()
        return "".join(f"{self.number(ord(char)):04x}" for char in text)


def _slim(ttf: Any, file: Path | None) -> None:  # noqa: ANN401 - reportlab is untyped
    """Keep of what reportlab has read what is used here: 15 MB of the 62 that five faces take.

    Args:
        ttf: reportlab's reader.
        file: What may be mapped instead of being kept; None: the file is somebody else's, and not to be held open.
    """
    ttf.charToGlyph, ttf.glyphToChar = {}, {}
    ttf.hmetrics, ttf.glyphPos = np.asarray(ttf.hmetrics, np.int32), np.asarray(ttf.glyphPos, np.int64)
    widths: dict[float, float] = {}
    ttf.charWidths = {code: widths.setdefault(width, width) for code, width in ttf.charWidths.items()}
    if file is not None:
        with file.open("rb") as source:
            ttf._ttf_data = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)  # noqa: SLF001 - it has no other way


class Chain:
    """A face with the faces that stand in for it, character by character."""

    def __init__(self, name: str) -> None:
        own = office_face(name)
        ours = [face(each) for each in dict.fromkeys((name, *FALLBACK))]
        self._faces = ours if own is None else [own, *ours]
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
def office_face(name: str) -> Face | None:
    """Return the office's own typeface in place of one of ours, as the settings say; None: ours.

    GB/T 9704-2012 sets the title in 小标宋 and the text in 仿宋; neither may be given away with a program.

    Raises:
        InputRefused: If the file of the settings cannot be used.
    """
    file = _office_files().get(name, "")
    return read_office_face(name, Path(file)) if file else None


def _office_files() -> dict[str, str]:
    if not _chosen:
        now, _trouble = settings.load()
        _chosen.update({SONG: now.body_font, SONG_BOLD: now.title_font})
    return _chosen


def choose_office_faces(body: str, title: str) -> None:
    """Use other files than this process found in the settings; empty: ours.

    Call through exports.sheet.typography.choose_faces, which drops what was set in the old ones.
    """
    _chosen.update({SONG: body, SONG_BOLD: title})
    office_face.cache_clear()
    chain.cache_clear()


def read_office_face(name: str, file: Path) -> Face:
    """Return a typeface of the office's own that stands in for one of ours.

    Raises:
        InputRefused: If it cannot be read, is no TrueType face of Chinese, or may not be embedded.
    """
    try:
        found = Face(name + OFFICE, file)
    except (OSError, TTFError, struct.error, ValueError, LookupError, TypeError) as error:
        text = _("The typeface {file} cannot be used: {why}. Choose a TrueType file (.ttf), or leave the field blank.")
        raise InputRefused(text.format(file=file.name, why=error)) from error
    if not found.glyphs.keys() >= set(map(ord, _TRIED)):
        text = _("The typeface {file} has no Chinese characters. Choose another, or leave the field blank.")
        raise InputRefused(text.format(file=file.name))
    return found


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
