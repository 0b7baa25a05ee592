"""Smaller upright copies of photos for screen and print, with what is drawn on them; made once, kept by content."""

import hashlib
import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exports.sheet.fonts import FOLDER
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.marks import Mark, Spot, arrow_head, to_json
from fieldsurvey.store.photos import as_jpeg, read, take

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

PRINT = 900  # longer side in pixels: 280 dpi at the 80 mm that a photo is wide on the sheet
BOOK = 600  # in the plan book, which holds the photos of a whole city: 190 dpi
THUMBNAIL = 220
SIZES = (PRINT, THUMBNAIL)
RED = (214, 31, 38)
COVER_SQUARES = 3
LINE, LETTER = 1 / 170, 1 / 24  # width of a line and height of a letter, as parts of the longer side


def copy_of(original: Path, sha256: str, cache: Path, pixels: int = PRINT, marks: Sequence[Mark] = ()) -> Path:
    """Return a JPEG of a photo, upright, at most so many pixels wide and high, without its metadata.

    Args:
        original: The photo as taken.
        sha256: Its content hash, which names the copy.
        cache: Folder of the copies.
        pixels: One of SIZES, or BOOK, which is made of the copy for print.
        marks: What is to be drawn on it.

    Raises:
        OSError: If the photo cannot be read as an image.
    """
    target = _place(cache, sha256, pixels, marks)
    if target.exists():
        return target
    plain = _place(cache, sha256, pixels)
    if pixels not in SIZES:
        _write(plain, _smaller(copy_of(original, sha256, cache), pixels))
    elif not plain.exists():
        try:
            keep(cache, sha256, take(read(original), original.name, SIZES)[1])
        except InputRefused as error:
            raise OSError(str(error)) from error
    if marks:
        _write(target, drawn(plain.read_bytes(), marks))
    return target


def _smaller(copy: Path, pixels: int) -> bytes:
    from PIL import Image

    with Image.open(copy) as opened:
        opened.thumbnail((pixels, pixels))
        return as_jpeg(opened)


def keep(cache: Path, sha256: str, copies: Mapping[int, bytes]) -> None:
    """Put copies that were just made where copy_of() finds them."""
    for pixels, data in copies.items():
        target = _place(cache, sha256, pixels)
        if not target.exists():
            _write(target, data)


def drawn(copy: bytes, marks: Sequence[Mark]) -> bytes:
    """Return a copy of a photo with marks drawn on it, as JPEG."""
    from PIL import Image, ImageDraw

    with Image.open(io.BytesIO(copy)) as opened:
        image = opened.convert("RGB")
    pen = ImageDraw.Draw(image)
    for mark in sorted(marks, key=lambda mark: mark.kind != "cover"):  # what is drawn on a cover stays to be seen
        _draw(image, pen, mark)
    return as_jpeg(image)


def _draw(image: "Image.Image", pen: "ImageDraw.ImageDraw", mark: Mark) -> None:
    longer = max(image.size)
    width = max(2, round(LINE * longer))
    spots = [(x * image.width, y * image.height) for x, y in mark.spots]
    if mark.kind == "cover":
        _cover(image, spots)
    elif mark.kind == "text":
        from PIL import ImageFont

        font = ImageFont.truetype(str(FOLDER / "Hei.ttf"), max(10, round(LETTER * longer)))
        pen.text(spots[0], mark.text, RED, font, stroke_width=max(1, width // 2), stroke_fill=(255, 255, 255))
    elif mark.kind == "circle":
        (x1, y1), (x2, y2) = spots[:2]
        pen.ellipse((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), outline=RED, width=width)
    else:
        for line in _lines(mark.kind, spots, longer):
            pen.line(line, RED, width, joint="curve")


def _cover(image: "Image.Image", spots: list[Spot]) -> None:
    """Leave three squares across the shorter side of a box: a face or a number plate cannot be made out of them."""
    from PIL.Image import Resampling

    (x1, y1), (x2, y2) = spots[:2]
    left, top = max(0, round(min(x1, x2))), max(0, round(min(y1, y2)))
    right, bottom = min(image.width, round(max(x1, x2))), min(image.height, round(max(y1, y2)))
    width, height = right - left, bottom - top
    if min(width, height) > 0:
        square = max(1, min(width, height) // COVER_SQUARES)
        few = image.crop((left, top, right, bottom))
        few = few.resize((max(1, width // square), max(1, height // square)), Resampling.BOX)
        image.paste(few.resize((width, height), Resampling.NEAREST), (left, top))


def _lines(kind: str, spots: list[Spot], longer: float) -> list[list[Spot]]:
    if kind == "line":
        return [spots]
    left, right = arrow_head(spots[0], spots[1], longer)
    return [spots[:2], [left, spots[1], right]]


def _place(cache: Path, sha256: str, pixels: int, marks: Sequence[Mark] = ()) -> Path:
    tail = "-" + hashlib.sha256(to_json(marks).encode()).hexdigest()[:12] if marks else ""
    return cache / f"{sha256}-{pixels}{tail}.jpg"


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".jpg")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(target)
