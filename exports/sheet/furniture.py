"""What stands on every page: header, page number, verification code with QR."""

from dataclasses import dataclass

from exports.sheet.canvas import BLACK, MM, PAGE_HEIGHT, PAGE_WIDTH, SheetCanvas
from exports.sheet.data import shown
from exports.sheet.faces import SONG
from exports.sheet.page import BOTTOM, LEFT, RIGHT, TOP
from exports.sheet.typography import TextStyle, draw_text, text_width

_GREY = (0.3, 0.3, 0.3)
_HEADER = TextStyle(SONG, 8.5, 11, colour=_GREY)
_NUMBER = TextStyle(SONG, 9.5, 12)
_CODE = TextStyle(SONG, 8.0, 10)
_HINT = TextStyle(SONG, 7.0, 9, colour=(0.4, 0.4, 0.4))
_QR = 16 * MM
_RULE = (0.45, 0.45, 0.45)
_FOOT = BOTTOM - 8  # points from the lower edge of the page to the rule above the foot
_FOOT_NAME = "foot"
_QR_MASK = 3  # of the eight; hexadecimal digits look alike under all of them, and trying each takes a tenth of a sheet


@dataclass(frozen=True, slots=True)
class Furniture:
    """Header and page number of one sheet, above the foot that all its pages share.

    Attributes:
        title: Short title with the community's name.
        number: 编号 of the sheet.
    """

    title: str
    number: str

    def draw(self, canvas: SheetCanvas, page: int) -> None:
        """Draw the furniture of a page; page counts from 1. put_foot() must follow before the file is saved."""
        with canvas.artifact():
            if page > 1:
                self._draw_header(canvas)
            draw_text(canvas, f"第 {page} 页", _NUMBER, PAGE_WIDTH / 2 - _NUMBER.size / 2, _FOOT - 14, "right")
            canvas.doForm(_FOOT_NAME)

    def _draw_header(self, canvas: SheetCanvas) -> None:
        y = PAGE_HEIGHT - TOP + 6
        number = f"编号：{self.number}"
        room = PAGE_WIDTH - LEFT - RIGHT - text_width(number, _HEADER) - 12
        title = self.title
        while text_width(title, _HEADER) > room:
            title = title[:-2] + "…"
        draw_text(canvas, title, _HEADER, LEFT, y + 5)
        draw_text(canvas, number, _HEADER, PAGE_WIDTH - RIGHT, y + 5, "right")
        canvas.stroke_style(_RULE, 0.5)
        canvas.polyline([(LEFT, y), (PAGE_WIDTH - RIGHT, y)])


def put_foot(canvas: SheetCanvas, number: str, digest: str, pages: int) -> None:
    """Define the foot of all pages, when their number and the verification code are known: one object in the file.

    Args:
        canvas: The document, whose pages show the foot.
        number: 编号.
        digest: Verification code.
        pages: How many pages there are.
    """
    with canvas.form(_FOOT_NAME):
        draw_text(canvas, f"共 {pages} 页", _NUMBER, PAGE_WIDTH / 2 + _NUMBER.size / 2, _FOOT - 14)
        canvas.stroke_style(_RULE, 0.5)
        canvas.polyline([(LEFT, _FOOT), (PAGE_WIDTH - RIGHT, _FOOT)])
        draw_text(canvas, f"核验码 {shown(digest)}", _CODE, LEFT, _FOOT - 12)
        draw_text(canvas, "扫描右侧二维码，可核验本表内容是否被改动", _HINT, LEFT, _FOOT - 23)
        draw_qr(canvas, qr_text(number, digest), PAGE_WIDTH - RIGHT - _QR, _FOOT - 4 - _QR, _QR)


def qr_text(number: str, digest: str) -> str:
    """Return what the QR code says: mark and version of the scheme, number, half of the verification code.

    128 bits and capitals keep the squares large enough for a poor scan.
    """
    return f"FS1:{number}:{digest[:32]}"


def draw_qr(canvas: SheetCanvas, text: str, x: float, y: float, size: float) -> None:
    """Draw a QR code whose lower left corner is (x, y): the dark runs of each row as rectangles."""
    modules, squares = _qr(text)
    scale = size / modules
    with canvas.state():
        canvas.fill_colour(BLACK)
        canvas.op(f"{scale:.5f} 0 0 {scale:.5f} {x:.2f} {y:.2f} cm {squares} f")


def _qr(text: str) -> tuple[int, str]:
    import segno

    matrix = [bytes(row) for row in segno.make(text, error="m", micro=False, mask=_QR_MASK).matrix]
    size = len(matrix)
    runs: list[str] = []
    for row, modules in enumerate(matrix):
        start = None
        for column, is_dark in enumerate((*modules, 0)):
            if is_dark and start is None:
                start = column
            elif not is_dark and start is not None:
                runs.append(f"{start} {size - 1 - row} {column - start} 1 re")
                start = None
    return size, " ".join(runs)
