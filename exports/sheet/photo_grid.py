"""现状照片: photos two by three on a page, each with its caption."""

from dataclasses import dataclass, replace
from pathlib import Path

from exports.photo_copies import PRINT, copy_of
from exports.sheet.canvas import SheetCanvas
from exports.sheet.data import Photo
from exports.sheet.faces import HEI, SONG
from exports.sheet.structure import Element
from exports.sheet.typography import TextStyle, draw_lines, draw_text, lines_of

COLUMNS = 2
_GUTTER, _PICTURE, _ROW = 10.0, 160.0, 204.0
_CAPTION = TextStyle(HEI, 9.0, 12, align="centre")
_DETAIL = TextStyle(SONG, 7.8, 10, colour=(0.3, 0.3, 0.3))
_GROUND = (0.965, 0.965, 0.96)
_EDGE = (0.3, 0.3, 0.3)


@dataclass(frozen=True, slots=True)
class PhotoGrid:
    """Rows of photos.

    Attributes:
        photos: In order of their numbers.
        first: Number of the first photo.
        cache: Folder of the smaller copies.
        pixels: Longer side of the copies.
    """

    photos: tuple[Photo, ...]
    first: int
    cache: Path
    pixels: int = PRINT

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return -(-len(self.photos) // COLUMNS) * _ROW

    def split(self, _width: float, room: float) -> "tuple[PhotoGrid, PhotoGrid] | None":
        """Divide between rows."""
        count = int(room // _ROW) * COLUMNS
        if not 0 < count < len(self.photos):
            return None
        rest = replace(self, photos=self.photos[count:], first=self.first + count)
        return replace(self, photos=self.photos[:count]), rest

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw pictures and captions."""
        column = (width - _GUTTER * (COLUMNS - 1)) / COLUMNS
        for index, photo in enumerate(self.photos):
            left = x + index % COLUMNS * (column + _GUTTER)
            upper = top - index // COLUMNS * _ROW
            box = (left, upper - _PICTURE, left + column, upper)
            with canvas.marked(Element("Figure", alt=f"现状照片：{photo.place}", box=box)):
                self._draw_picture(canvas, photo, left, upper - _PICTURE, column)
            _draw_caption(canvas, photo, self.first + index, left, upper - _PICTURE - 4, column)

    def _draw_picture(self, canvas: SheetCanvas, photo: Photo, x: float, y: float, width: float) -> None:
        canvas.fill_colour(_GROUND)
        canvas.box(x, y, width, _PICTURE, "f")
        small = self._small_copy(photo)
        if isinstance(small, str):
            note = TextStyle(SONG, 9, 12, colour=_EDGE)
            draw_text(canvas, small, note, x + width / 2, y + _PICTURE / 2, "centre")
        else:
            _place(canvas, small, (x, y, width))
        canvas.stroke_style(_EDGE, 0.5)
        canvas.box(x, y, width, _PICTURE)

    def _small_copy(self, photo: Photo) -> Path | str:
        """Return the copy to print, or why there is none: a lost photo must not cost the whole sheet."""
        if photo.path is None:
            return "照片尚未同步到本机"
        try:
            return copy_of(photo.path, photo.sha256, self.cache, self.pixels, photo.marks)
        except OSError:
            return "照片文件已损坏，无法显示"


def _place(canvas: SheetCanvas, picture: Path, place: tuple[float, float, float]) -> None:
    """Draw the whole picture, as large as its frame allows: evidence is not cropped."""
    from PIL import Image

    x, y, width = place
    with Image.open(picture) as image:
        shrink = min(width / image.width, _PICTURE / image.height)
        shown = image.width * shrink, image.height * shrink
    canvas.drawImage(str(picture), x + (width - shown[0]) / 2, y + (_PICTURE - shown[1]) / 2, *shown)


def _draw_caption(canvas: SheetCanvas, photo: Photo, number: int, x: float, top: float, width: float) -> None:
    caption = lines_of(f"图{number}　{photo.place}", _CAPTION, width)[:2]
    detail = "　".join(part for part in (photo.kind, photo.taken, photo.person and f"调查人：{photo.person}") if part)
    with canvas.marked(Element("P")):
        draw_lines(canvas, caption, _CAPTION, x, top, width)
        draw_text(canvas, detail, _DETAIL, x + width / 2, top - len(caption) * _CAPTION.leading - 8.5, "centre")
