"""意见与盖章: boxes for opinions, signatures and official seals.

The program draws no seal, only the dashed place where one is put.
"""

from dataclasses import dataclass, replace

from exports.sheet.canvas import MM, SheetCanvas
from exports.sheet.faces import HEI, SONG
from exports.sheet.structure import Element
from exports.sheet.table import HAIR, INK, SHADE
from exports.sheet.typography import TextStyle, draw_text, draw_vertical

SEAL_RADIUS = 25 * MM  # domain page 4.5: a blank zone of at least 50 x 50 mm
_CAPTION_WIDTH = 26.0
_HEIGHT = 52 * MM
_CAPTION = TextStyle(HEI, 10.5, 15)
_TEXT = TextStyle(SONG, 10.5, 15)
_SEAL = TextStyle(SONG, 9, 12, colour=(0.70, 0.35, 0.35))
_SEAL_LINE = (0.75, 0.30, 0.30)
_DATE = "年　　月　　日"
_SIGNED_WIDTH, _SIGNED_ROW = 250.0, 19.0


@dataclass(frozen=True, slots=True)
class Opinion:
    """One box.

    Attributes:
        key: Names the electronic signature fields of the box, ASCII.
        caption: Vertical caption.
        signers: What is signed, one line each.
        seals: Names at the seal places, from left to right; empty text for an unnamed one.
        first: Number of the first seal: not 1 in the second part of a divided box.
    """

    key: str
    caption: str
    signers: tuple[str, ...] = ("负责人（签字）：",)
    seals: tuple[str, ...] = ("",)
    first: int = 1

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return self._rows * _HEIGHT

    @property
    def _rows(self) -> int:
        return -(-len(self.seals) // 2)

    def split(self, _width: float, room: float) -> "tuple[Opinion, Opinion] | None":
        """Divide between rows of seal places, repeating the caption."""
        count = int(room // _HEIGHT) * 2
        if not 0 < count < len(self.seals):
            return None
        rest = replace(self, seals=self.seals[count:], first=self.first + count)
        return replace(self, seals=self.seals[:count]), rest

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw the box."""
        height = self.height(width)
        with canvas.artifact():
            canvas.fill_colour(SHADE)
            canvas.stroke_style(HAIR, 0.45)
            canvas.box(x, top - height, _CAPTION_WIDTH, height, "B")
            canvas.stroke_style(INK, 1.1)
            canvas.box(x, top - height, width, height)
        with canvas.marked(Element("P")):
            draw_vertical(canvas, self.caption, _CAPTION, x + _CAPTION_WIDTH / 2, top - height / 2, height - 12)
        with canvas.marked(Element("P")):
            if len(self.seals) > 1:
                self._draw_grid(canvas, x + _CAPTION_WIDTH, top, width - _CAPTION_WIDTH)
            else:
                self._draw_single(canvas, x, top, width)

    def _draw_single(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        bottom = top - _HEIGHT
        self._draw_seal(canvas, x + width - SEAL_RADIUS - 8, bottom + _HEIGHT / 2)
        left = x + _CAPTION_WIDTH + 10
        draw_text(canvas, "意见：", _TEXT, left, top - 18)
        baseline = bottom + 10 + _SIGNED_ROW * (len(self.signers) - 1)
        for number, signer in enumerate(self.signers, 1):
            written = draw_text(canvas, signer, _TEXT, left, baseline)
            if len(self.signers) > 1:
                draw_text(canvas, _DATE, _TEXT, left + _SIGNED_WIDTH, baseline, "right")
            box = (left + written, baseline - 4, left + _SIGNED_WIDTH, baseline + 14)
            canvas.signature_place(f"{self.key}_sign_{number}", self._signer(signer), box)
            baseline -= _SIGNED_ROW
        if len(self.signers) == 1:
            draw_text(canvas, _DATE, _TEXT, x + width - SEAL_RADIUS - 8, bottom + 10, "centre")

    def _draw_grid(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw a place for each co-signing company, two beside each other."""
        column = width / 2
        for index, name in enumerate(self.seals):
            left, upper = x + index % 2 * column, top - index // 2 * _HEIGHT
            canvas.stroke_style(HAIR, 0.45)
            canvas.box(left, upper - _HEIGHT, column, _HEIGHT)
            draw_text(canvas, name, _CAPTION, left + 8, upper - 16)
            self._draw_seal(canvas, left + column - SEAL_RADIUS - 6, upper - _HEIGHT / 2, index)
            draw_text(canvas, "签字：", _TEXT, left + 8, upper - _HEIGHT + 10)
            draw_text(canvas, _DATE, _TEXT, left + column - SEAL_RADIUS - 6, upper - _HEIGHT + 10, "centre")

    def _signer(self, line: str) -> str:
        """Return who signs a line: with the office if several boxes have the same line."""
        who = line.split("（", maxsplit=1)[0]
        return f"{who}签字" if len(self.signers) > 1 else f"{self.caption.removesuffix('意见')}{who}签字"

    def _draw_seal(self, canvas: SheetCanvas, x: float, y: float, index: int = 0) -> None:
        canvas.stroke_style(_SEAL_LINE, 0.6, (2.0, 2.4))
        canvas.circle(x, y, SEAL_RADIUS)
        draw_text(canvas, "（盖章处）", _SEAL, x, y + 4, "centre")
        owner = self.seals[index] or self.caption.removesuffix("意见")
        box = (x - SEAL_RADIUS, y - SEAL_RADIUS, x + SEAL_RADIUS, y + SEAL_RADIUS)
        canvas.signature_place(f"{self.key}_seal_{self.first + index}", f"{owner}盖章", box)


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """One row of signatures beside each other, without a seal.

    Attributes:
        key: Names the electronic signature fields, ASCII.
        signers: Who signs, from left to right.
    """

    key: str
    signers: tuple[str, ...]

    def height(self, _width: float) -> float:
        """Return the height in points."""
        return 44.0

    def split(self, _width: float, _room: float) -> None:
        """A row stays whole."""
        return

    def draw(self, canvas: SheetCanvas, x: float, top: float, width: float) -> None:
        """Draw name, line and day of each."""
        column = width / len(self.signers)
        for number, signer in enumerate(self.signers, 1):
            left = x + (number - 1) * column
            with canvas.marked(Element("P")):
                written = draw_text(canvas, f"{signer}：", _TEXT, left, top - 18)
                draw_text(canvas, _DATE, _TEXT, left + column - 10, top - 38, "right")
                box = (left + written, top - 42, left + column - 10, top - 2)
                canvas.signature_place(f"{self.key}_sign_{number}", f"{signer}签字", box)
