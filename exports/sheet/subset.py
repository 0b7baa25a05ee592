"""The part of a TrueType file that a document needs (ISO/IEC 14496-22): chosen outlines under new numbers.

A sheet uses a few hundred glyphs of each typeface, and the next sheet mostly
the same: what a glyph consists of is read once per process.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_COPIED = ("cvt ", "fpgm", "name", "prep")  # as they are, where a file has them
_WORDS, _SCALE, _MORE, _TWO_SCALES, _MATRIX = 0x1, 0x8, 0x20, 0x40, 0x80  # flags of a part of a composite glyph
_MAGIC = 0xB1B0AFBA  # what the checksum of a whole file is subtracted from (table head)


@dataclass(frozen=True, slots=True)
class _Glyph:
    """One glyph.

    Attributes:
        outline: Its description, padded to four bytes.
        metrics: Advance width and left side bearing, as in the table hmtx.
        parts: Where the description names another glyph, and which.
    """

    outline: bytes
    metrics: bytes
    parts: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Outlines:
    """The glyphs of one typeface file.

    Attributes:
        ttf: reportlab's reader of the file, which knows where its tables are.
    """

    ttf: Any
    _kept: dict[int, _Glyph] = field(default_factory=dict)

    def subset(self, glyphs: Sequence[int]) -> bytes:
        """Return a TrueType file of these glyphs, numbered from 1 in this order; 0 is the missing glyph.

        It has no character map: in a PDF the CIDToGIDMap takes its place.
        Parts of composite glyphs come last.
        """
        numbers = {0: 0}
        for glyph in glyphs:
            numbers.setdefault(glyph, len(numbers))
        chosen = list(numbers)
        for glyph in chosen:  # grows while it is walked through
            for _at, part in self._glyph(glyph).parts:
                if part not in numbers:
                    numbers[part] = len(numbers)
                    chosen.append(part)
        return _file(self._tables([self._glyph(each) for each in chosen], numbers))

    def _glyph(self, number: int) -> _Glyph:
        found = self._kept.get(number)
        if found is None:
            start, end = self.ttf.glyphPos[number : number + 2]
            at = self.ttf.get_table_pos("glyf")[0]
            data = self.ttf._ttf_data[at + start : at + end]  # noqa: SLF001 - reportlab's reader gives tables only whole
            metrics = struct.pack(">HH", *(int(value) & 0xFFFF for value in self.ttf.hmetrics[number]))
            found = self._kept[number] = _Glyph(data + bytes(-len(data) % 4), metrics, _parts(data))
        return found

    def _tables(self, glyphs: Sequence[_Glyph], numbers: Mapping[int, int]) -> dict[str, bytes]:
        table = self.ttf.get_table
        lengths = [len(glyph.outline) for glyph in glyphs]
        places = np.concatenate([[0], np.cumsum(lengths)]).astype(">u4").tobytes()
        return {tag: table(tag) for tag in _COPIED if tag in self.ttf.table} | {
            "glyf": b"".join([_renumbered(each, numbers) if each.parts else each.outline for each in glyphs]),
            "head": table("head")[:8] + bytes(4) + table("head")[12:50] + b"\0\1" + table("head")[52:],
            "hhea": table("hhea")[:34] + struct.pack(">H", len(glyphs)),
            "hmtx": b"".join([each.metrics for each in glyphs]),
            "loca": places,
            "maxp": table("maxp")[:4] + struct.pack(">H", len(glyphs)) + table("maxp")[6:],
            "post": b"\0\3\0\0" + table("post")[4:16] + bytes(16),
        }


def _parts(data: bytes) -> tuple[tuple[int, int], ...]:
    """Return where a composite glyph names its parts, and which they are; nothing for a simple glyph."""
    if len(data) < 10 or struct.unpack_from(">h", data)[0] >= 0:
        return ()
    found, at, flags = [], 10, _MORE
    while flags & _MORE:
        flags, part = struct.unpack_from(">HH", data, at)
        found.append((at + 2, part))
        at += 8 if flags & _WORDS else 6
        at += 2 if flags & _SCALE else 4 if flags & _TWO_SCALES else 8 if flags & _MATRIX else 0
    return tuple(found)


def _renumbered(glyph: _Glyph, numbers: Mapping[int, int]) -> bytes:
    outline = bytearray(glyph.outline)
    for at, part in glyph.parts:
        struct.pack_into(">H", outline, at, numbers[part])
    return bytes(outline)


def _file(tables: Mapping[str, bytes]) -> bytes:
    """Return tables as a file with directory and checksums."""
    power = len(tables).bit_length() - 1
    head = struct.pack(">LHHHH", 0x00010000, len(tables), 16 << power, power, (len(tables) - (1 << power)) * 16)
    offset = len(head) + 16 * len(tables)
    entries, contents, checksum_at = [head], [], 0
    for tag, data in sorted(tables.items()):
        if tag == "head":
            checksum_at = offset + 8
        padded = data + bytes(-len(data) % 4)
        entries.append(struct.pack(">4sLLL", tag.encode("ascii"), _checksum(padded), offset, len(data)))
        contents.append(padded)
        offset += len(padded)
    file = bytearray(b"".join([*entries, *contents]))
    struct.pack_into(">L", file, checksum_at, (_MAGIC - _checksum(bytes(file))) & 0xFFFFFFFF)
    return bytes(file)


def _checksum(data: bytes) -> int:
    """Return the sum of the 32-bit words; the data are whole words."""
    return int(np.frombuffer(data, dtype=">u4").sum(dtype=np.uint64)) & 0xFFFFFFFF
