"""Any printed document: blocks on pages with header, verification code and data, in one archival file."""

import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exports.heap import seldom_collected
from exports.sheet.archive import Attachment, Description, finish
from exports.sheet.canvas import SheetCanvas
from exports.sheet.data import digest_of
from exports.sheet.faces import require
from exports.sheet.furniture import Furniture, put_foot
from exports.sheet.names import DATA_NAME
from exports.sheet.page import LEFT, TEXT_WIDTH, Block, Placed, fill_pages


@dataclass(frozen=True, slots=True)
class Paper:
    """One document.

    Attributes:
        title: Title in the metadata.
        header: Title in the header of the pages.
        number: 编号.
        unit: Who made it; may be empty.
        made: Day it is made, ISO 8601.
        blocks: What is printed, in order.
        data: Canonical JSON that the verification code is the hash of.
        told: What the data are, for the reader's list of attachments.
        attached: Further files inside.
    """

    title: str
    header: str
    number: str
    unit: str
    made: str
    blocks: Sequence[Block]
    data: bytes
    told: str = "本表数据，核验码由它计算"
    attached: tuple[Attachment, ...] = ()


def write(paper: Paper, out: Path) -> None:
    """Write a document as PDF; an existing file is replaced when the new one is whole.

    Raises:
        MissingCharacters: If a text has characters that no typeface has.
        OSError: If the file cannot be written.
    """
    with seldom_collected():
        _write(paper, out)


def _write(paper: Paper, out: Path) -> None:
    require(paper.data + (paper.title + paper.header).encode())
    digest = digest_of(paper.data)
    stream = io.BytesIO()
    canvas = SheetCanvas(stream, paper.title, paper.unit, paper.number)
    _draw(canvas, fill_pages(paper.blocks), Furniture(paper.header, paper.number))
    put_foot(canvas, paper.number, digest, canvas.page)
    canvas.save()
    about = Description(paper.title, paper.unit or "FieldSurvey", f"编号 {paper.number}", paper.made, digest)
    attached = [Attachment(DATA_NAME, paper.data, "application/json", paper.told), *paper.attached]
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        finish(stream.getvalue(), canvas.structure, about, attached, partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def written(paper: Paper) -> bytes:
    """Return a document as the bytes of its PDF.

    Raises:
        MissingCharacters: If a text has characters that no typeface has.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.pdf"
        write(paper, path)
        return path.read_bytes()


def _draw(canvas: SheetCanvas, pages: Sequence[Sequence[Placed]], furniture: Furniture) -> None:
    for number, page in enumerate(pages, 1):
        for placed in page:
            placed.block.draw(canvas, LEFT, placed.top, TEXT_WIDTH)
        furniture.draw(canvas, number)
        canvas.next_page()
