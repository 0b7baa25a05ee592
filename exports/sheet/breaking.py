"""Breaking Chinese text into lines: 禁则 both ways, marks pressed together, words kept whole.

A pure function of text and character widths; it knows no typeface and no PDF.
Rules: W3C "Requirements for Chinese Text Layout" (CLREQ), sections 6.1 to 6.3.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[str], float]

CLOSING = frozenset("，。、；：？！）》〉」』】〕〗”’")  # ink in the left half of the em box
OPENING = frozenset("（《〈「『【〔〖“‘")  # ink in the right half
NO_START = CLOSING | frozenset("％℃°‰%)]}>!?,.:;·—…～/㎡㎥²³*")
NO_END = OPENING | frozenset("([{<￥¥$#№§")
UNITS = frozenset("年月日时分秒人户栋幢个台处座盏只根项条层级套位次元万亿米吨张份页号兆千伏")
MIXED_GAP = 0.18  # em between a Chinese and a Latin character
_SLACK = 0.01  # points: sums of rounded widths may differ by this
_WORD = r"0-9A-Za-z\u00c0-\u024f\u0370-\u03ff_.,:;'+\-−–×±≥≤≈~/%@#&=°℃²³㎡㎥‰"
_ATOMS = re.compile(rf"[{_WORD}]+|[ \t\u00a0]+|—+|…+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text.

    Attributes:
        pieces: (gap before in points, characters) from left to right.
        width: Natural width in points, without a pressed-away last half.
        ends_paragraph: True for lines that are not spread to the full width.
    """

    pieces: tuple[tuple[float, str], ...]
    width: float
    ends_paragraph: bool

    @property
    def text(self) -> str:
        """The characters of the line."""
        return "".join(text for _gap, text in self.pieces)


def break_lines(text: str, measure: Measure, size: float, width: float) -> list[Line]:
    """Return the lines of a text; each newline starts a paragraph.

    Args:
        text: What to set.
        measure: Width of one character in em.
        size: Type size in points.
        width: Width of the column in points. A column narrower than one
            character gets one character per line.
    """
    return [line for paragraph in text.split("\n") for line in _Paragraph(paragraph, measure, size, width).lines()]


def may_break(before: str, after: str) -> bool:
    """Say whether a line may end with one character and the next begin with the other."""
    if after in NO_START or before in NO_END:
        return False
    return not (before.isdigit() and after in UNITS)


class _Paragraph:
    def __init__(self, text: str, measure: Measure, size: float, width: float) -> None:
        self._measure, self._size, self._width = measure, size, width + _SLACK
        self._atoms: list[str] = _ATOMS.findall(text)
        self._widths = [self._width_of(atom) for atom in self._atoms]

    def _width_of(self, atom: str) -> float:
        return sum(map(self._measure, atom)) * self._size

    def lines(self) -> list[Line]:
        found: list[Line] = []
        start = 0
        while start < len(self._atoms):
            if found and self._atoms[start].isspace() and self._atoms[start] != "\u3000":
                start += 1
                continue
            end = self._end_of_line(start)
            found.append(self._line(start, end))
            start = end
        return found or [Line((), 0.0, True)]

    def _end_of_line(self, start: int) -> int:
        fits = self._last_fitting(start)
        if fits == len(self._atoms):
            return fits
        for end in range(fits, start, -1):
            if self._is_break(end):
                return end
        return self._forced_end(start, fits)

    def _is_break(self, index: int) -> bool:
        return may_break(self._atoms[index - 1][-1], self._atoms[index][0])

    def _last_fitting(self, start: int) -> int:
        """Return the end of the longest run of atoms that fits."""
        used, end = 0.0, start
        while end < len(self._atoms):
            used += self._widths[end] + (self._gap(end) if end > start else 0.0)
            if used - self._pressed(self._atoms[end][-1]) > self._width:
                break
            end += 1
        return end

    def _forced_end(self, start: int, fits: int) -> int:
        """Cut inside a word where no legal break fits; as a last resort anywhere."""
        used = sum(self._widths[start:fits]) + sum(map(self._gap, range(start + 1, fits)))
        room = self._width - used - (self._gap(fits) if fits > start else 0.0)
        cut = self._cut_within(self._atoms[fits], room)
        if cut:
            return self._split_atom(fits, cut)
        if fits > start:
            cut = self._cut_within(self._atoms[fits - 1], self._widths[fits - 1] - _SLACK - 0.001)
            return self._split_atom(fits - 1, cut) if cut else fits
        return self._split_atom(start, 1)

    def _cut_within(self, atom: str, room: float) -> int:
        """Return how many characters of a word fit into the room, at a legal place; 0 for none."""
        fits, used = 0, 0.0
        for index in range(len(atom) - 1):
            used += self._measure(atom[index]) * self._size
            if used > room:
                break
            if may_break(atom[index], atom[index + 1]):
                fits = index + 1
        return fits

    def _split_atom(self, index: int, cut: int) -> int:
        atom = self._atoms[index]
        if cut < len(atom):
            self._atoms[index : index + 1] = [atom[:cut], atom[cut:]]
            self._widths[index : index + 1] = [self._width_of(atom[:cut]), self._width_of(atom[cut:])]
        return index + 1

    def _pressed(self, last: str) -> float:
        """Return the blank half of a closing mark, which may hang over the line end."""
        return 0.5 * self._size if last in CLOSING and self._measure(last) > 0.9 else 0.0

    def _gap(self, index: int) -> float:
        """Return the space before an atom in points; below zero where two marks are pressed together."""
        before, after = self._atoms[index - 1][-1], self._atoms[index][0]
        if before in CLOSING and after in (CLOSING | OPENING):
            return -0.5 * self._size if self._measure(before) > 0.9 else 0.0
        if before in OPENING and after in OPENING:
            return -0.5 * self._size if self._measure(after) > 0.9 else 0.0
        is_mixed = (_is_latin(before) and _is_chinese(after)) or (_is_chinese(before) and _is_latin(after))
        return MIXED_GAP * self._size if is_mixed else 0.0

    def _line(self, start: int, end: int) -> Line:
        stop = end
        while stop > start + 1 and self._atoms[stop - 1].isspace():
            stop -= 1
        gaps = [0.0, *map(self._gap, range(start + 1, stop))]
        natural = sum(gaps) + sum(self._widths[start:stop])
        pressed = self._pressed(self._atoms[stop - 1][-1]) if natural > self._width else 0.0
        is_last = end == len(self._atoms)
        return Line(tuple(zip(gaps, self._atoms[start:stop], strict=True)), natural - pressed, is_last)


def _is_latin(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "%")


def _is_chinese(char: str) -> bool:
    return char >= "\u2e80" and char not in CLOSING and char not in OPENING and not "\uff00" <= char <= "\uffef"
