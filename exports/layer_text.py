"""Text in shapefiles: in bytes of UTF-8 or GBK, cut between characters, and what was lost told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

_WIDTH = 254  # bytes of a dBASE text field
_NAME = 10  # bytes of a dBASE field name
_LANGUAGE = {"UTF-8": 0x00, "GBK": 0x4D}  # byte 29 of a .dbf: 0 leaves it to the .cpg


@dataclass(slots=True)
class Losses:
    """What a shapefile could not take.

    Attributes:
        cut: Texts longer than 254 bytes.
        unknown: Characters that the encoding does not have.
        renamed: Column -> shorter field name.
    """

    cut: int = 0
    unknown: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)


def as_bytes(values: npt.NDArray[np.object_], encoding: str, losses: Losses) -> npt.NDArray[np.object_]:
    """Return texts as one character per byte of the encoding, so that GDAL counts and writes bytes as they are."""
    return np.array([None if value is None else _encoded(str(value), encoding, losses) for value in values], object)


def _encoded(text: str, encoding: str, losses: Losses) -> str:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        losses.unknown |= {character for character in text if not _has(character, encoding)}
        data = text.encode(encoding, "replace")
    if len(data) > _WIDTH:
        losses.cut += 1
        data = data[:_WIDTH].decode(encoding, "ignore").encode(encoding)
    return data.decode("latin-1")


def _has(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def short_names(names: Sequence[str], losses: Losses) -> list[str]:
    """Return field names of at most ten bytes, unique, the long ones shortened."""
    found: list[str] = []
    for name in names:
        short = name[:_NAME]
        number = 1
        while short in found:
            number += 1
            short = f"{name[: _NAME - len(str(number))]}{number}"
        if short != name:
            losses.renamed[name] = short
        found.append(short)
    return found


def mark_encoding(shp: Path, encoding: str) -> None:
    """Say in the .cpg and in the table itself which encoding its bytes are in."""
    shp.with_suffix(".cpg").write_text(encoding, "ascii")
    with shp.with_suffix(".dbf").open("r+b") as table:
        table.seek(29)
        table.write(bytes([_LANGUAGE[encoding]]))
