"""The typefaces of a sheet: which face has a character, how wide it is, by which number a document knows it.

exports.sheet.embedding puts the faces into a document. Imported late: reportlab
is slow to load.
"""

from functools import cache
from typing import Any

from reportlab.pdfbase.ttfonts import TTFontFace  # noqa: TID253 - this module is itself imported late

from exports.sheet.fonts import FOLDER
from exports.sheet.subset import Outlines
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

SONG, SONG_BOLD, HEI, HEI_BOLD, KAI = "Song", "SongBold", "Hei", "HeiBold", "Kai"
FALLBACK = (SONG, HEI)
_NOT_FROM_KAI = "“”‘’"  # proportional there: pressing marks together needs the full-width ones
_ASCII = bytes([10, *range(32, 127)])  # every face has it; a line end is not printed
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

    def __init__(self, name: str) -> None:
        self.name = name
        self.ttf: Any = TTFontFace(str(FOLDER / f"{name}.ttf"))
        self.glyphs: dict[int, int] = dict(self.ttf.charToGlyph)
        self.outlines = Outlines(self.ttf)
        if name == KAI:
            for char in _NOT_FROM_KAI:
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
