"""What a signature shows on paper: the user's own picture, name and day. No seal is ever drawn by the program."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exports.sheet.archive import protect
from exports.sheet.canvas import WHITE, SheetCanvas
from exports.sheet.faces import KAI, SONG
from exports.sheet.typography import TextStyle, draw_text, text_width
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import _

if TYPE_CHECKING:
    from PIL.Image import Image

_NAME = TextStyle(KAI, 12.5, 16)
_DAY = TextStyle(SONG, 10.5, 15)
_HINT = TextStyle(SONG, 9, 12, colour=(0.35, 0.35, 0.35))
_PIXELS = 700  # longer side of the picture: 350 dpi for a seal of 50 mm
_SEAL_DAY = 10.0 + 71.0 - 73.7  # height of the printed day above the lower edge of a seal's field, points
_PAPER = 245  # a pixel as light as this is paper, not ink


@dataclass(frozen=True, slots=True)
class Look:
    """One signature as seen.

    Attributes:
        name: Who signs.
        day: Day as printed.
        picture: The user's picture of seal or handwriting; None for name and day only.
    """

    name: str
    day: str
    picture: Path | None = None

    def drawn(self, width: float, height: float) -> bytes:
        """Return a PDF page of that size in points.

        Raises:
            InputRefused: If the picture cannot be read.
        """
        stream = io.BytesIO()
        canvas = SheetCanvas(stream, "", "", "")
        canvas.setPageSize((width, height))
        if height > width / 2:
            self._draw_seal(canvas, width, height)
        else:
            self._draw_line(canvas, width, height)
        canvas.next_page()
        canvas.save()
        return _packed(stream)

    def _draw_line(self, canvas: SheetCanvas, width: float, height: float) -> None:
        """Draw a signature on its line: picture or name, and the day over the printed blanks."""
        day = text_width(self.day, _DAY)
        canvas.fill_colour(WHITE)
        canvas.box(width - day - 12, 0, day + 12, height, "f")
        draw_text(canvas, self.day, _DAY, width, 4, "right")
        room = width - day - 14
        if self.picture is not None:
            _place(canvas, self.picture, (0, 0, room, height))
        else:
            fitted = _NAME.but(size=min(_NAME.size, _NAME.size * room / max(1.0, text_width(self.name, _NAME))))
            draw_text(canvas, self.name, fitted, 2, 4)

    def _draw_seal(self, canvas: SheetCanvas, width: float, height: float) -> None:
        """Draw a seal over the day; without a picture the words say that it is signed."""
        day = text_width(self.day, _DAY)
        canvas.fill_colour(WHITE)
        canvas.box((width - day) / 2 - 4, _SEAL_DAY - 3, day + 8, 15, "f")
        draw_text(canvas, self.day, _DAY, width / 2, _SEAL_DAY, "centre")
        canvas.box(width * 0.15, height / 2 - 18, width * 0.7, 34, "f")  # over the words 盖章处
        if self.picture is not None:
            _place(canvas, self.picture, (0, 0, width, height))
            return
        draw_text(canvas, self.name, _NAME.but(size=11), width / 2, height / 2 + 3, "centre")
        draw_text(canvas, "已电子签名", _HINT, width / 2, height / 2 - 12, "centre")


def _packed(draft: io.BytesIO) -> bytes:
    """Return a PDF with its streams compressed: they go into the signed file as they are."""
    import pikepdf

    out = io.BytesIO()
    draft.seek(0)
    with pikepdf.open(draft) as pdf:
        for each in pdf.objects:
            if isinstance(each, pikepdf.Stream):
                protect(each)
        pdf.save(out, compress_streams=False)
    return out.getvalue()


def _place(canvas: SheetCanvas, path: Path, box: tuple[float, float, float, float]) -> None:
    from reportlab.lib.utils import ImageReader

    image = _with_clear_paper(path)
    x, y, width, height = box
    shrink = min(width / image.width, height / image.height)
    shown = image.width * shrink, image.height * shrink
    canvas.drawImage(ImageReader(image), x + (width - shown[0]) / 2, y + (height - shown[1]) / 2, *shown, mask="auto")


def _with_clear_paper(path: Path) -> "Image":
    """Return the picture with its white made transparent, so that the day below a seal stays readable."""
    from PIL import Image, ImageChops

    try:
        with Image.open(path) as opened:
            image = opened.convert("RGBA")
    except OSError as error:
        raise InputRefused(
            _("The picture {file} cannot be read. Please give a PNG or JPEG of the seal.").format(file=path.name)
        ) from error
    image.thumbnail((_PIXELS, _PIXELS))
    red, green, blue, alpha = image.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    ink = darkest.point(
        [255 - max(0, value - 128) * 255 // (_PAPER - 128) if value < _PAPER else 0 for value in range(256)]
    )
    image.putalpha(ImageChops.darker(alpha, ink))
    return image
