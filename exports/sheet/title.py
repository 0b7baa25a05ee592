"""The head of the first page: title and the lines below it."""

from dataclasses import dataclass
from pathlib import Path

from exports.sheet import wording
from exports.sheet.breaking import Line
from exports.sheet.canvas import SheetCanvas
from exports.sheet.data import SheetData
from exports.sheet.faces import SONG, SONG_BOLD
from exports.sheet.structure import Element
from exports.sheet.typography import TextStyle, draw_lines, lines_of, marked_text

_TITLE = TextStyle(SONG_BOLD, 22, 31, align="centre", role="H1")  # 二号, in place of 小标宋 (GB/T 9704-2012, 7.3.1)
_SMALLEST_TITLE = 16.0
_LOGO = (62.0, 34.0)  # largest width and height of a logo, points
_LINE = TextStyle(SONG, 9.5, 15)


@dataclass(frozen=True, slots=True)
class Title:
    """A title and the lines below it.

    Attributes:
        text: The title.
        facts: What stands left and right in each line.
        logo: Picture in the upper left corner; None: none.
    """

    text: str
    facts: tuple[tuple[str, str], ...] = ()
    logo: Path | None = None

    def height(self, width: float) -> float:
        """Return the height in points."""
        return len(self._lines(width)) * self._style(width).leading + len(self.facts) * _LINE.leading + 12

    def split(self, _width: float, _room: float) -> None:
        """The head stays whole."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw title and lines."""
        style, lines = self._style(width), self._lines(width)
        if self.logo is not None:
            self._draw_logo(canvas, x, top)
        with canvas.marked(Element("H1")):
            draw_lines(canvas, lines, style, x, top, width)
        baseline = top - len(lines) * style.leading - 8 - _LINE.size
        for left, right in self.facts:
            marked_text(canvas, left, _LINE, x, baseline)
            marked_text(canvas, right, _LINE, x + width, baseline, "right")
            baseline -= _LINE.leading

    def _draw_logo(self, canvas: SheetCanvas, x: float, top: float) -> None:
        """Draw the logo above the left end of the lines; its shape is kept."""
        from PIL import Image
        from reportlab.lib.utils import ImageReader

        with Image.open(str(self.logo)) as opened:
            image = opened.convert("RGBA")
        shrink = min(_LOGO[0] / image.width, _LOGO[1] / image.height)
        size = image.width * shrink, image.height * shrink
        box = (x, top - size[1], x + size[0], top)
        with canvas.marked(Element("Figure", alt="徽标", box=box)):
            canvas.drawImage(ImageReader(image), x, top - size[1], *size, mask="auto")

    def _style(self, width: float) -> TextStyle:
        """Make the title smaller before it takes a third line."""
        size = _TITLE.size
        while size > _SMALLEST_TITLE and len(lines_of(self.text, _TITLE.but(size=size), width)) > 1:
            size -= 1
        return _TITLE.but(size=size)

    def _lines(self, width: float) -> list[Line]:
        return lines_of(self.text, self._style(width), width)


def sheet_title(data: SheetData, title: str, logo: Path | None = None) -> Title:
    """Return the head of a sheet: title, number, place, surveyors, days, version.

    Args:
        data: The sheet.
        title: Title as a template has it, with braces.
        logo: Picture of the office; None: none.
    """
    first, last = data.dates
    days = first if first == last else f"{first} 至 {last}"
    facts = (
        (f"编号：{data.number}", f"调查日期：{days or '尚未调查'}"),
        (f"所属：{data.place or wording.NOT_RECORDED}", f"版本：{data.version or '无调查记录'}"),
        (f"调查单位：{data.unit or '　' * 12}", f"调查人：{'、'.join(data.surveyors) or '　' * 6}"),
    )
    text = title.format(name=data.name, code=data.code, place=data.place, date=data.made)
    return Title(text, facts, logo)
