"""A page is compared with its stored picture. Make it again with FIELDSURVEY_GOLDEN=1 and look at the difference."""

import os
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageFilter

from exports.book_blocks import Chapter, Cover, IndexColumns
from exports.book_layout import BookCanvas
from exports.sheet.data import Fact, LiftVote, MapData
from exports.sheet.document import render
from exports.sheet.filled import FilledForm, Part, filled_paper
from exports.sheet.lift_sheet import LiftSheet, LiftTest, lift_paper
from exports.sheet.page import LEFT, TEXT_WIDTH, Block, fill_pages
from exports.sheet.paper import write
from tests.unit.exports.conftest import MakeSheet

GOLDEN = Path(__file__).parents[2] / "golden"
DPI = 60
TOLERANCE = 0.004  # mean difference, 0..1: hinting of glyphs between versions of the renderer


@pytest.mark.parametrize("page", [0, 1])
def test_a_page_looks_as_it_was_approved(surveyed: MakeSheet, tmp_path: Path, page: int) -> None:
    render(surveyed(), tmp_path / "sheet.pdf")
    _compare(tmp_path / "sheet.pdf", page, f"sheet-page-{page + 1}.png")


def test_a_lift_sheet_looks_as_it_was_approved(tmp_path: Path) -> None:
    write(lift_paper(LIFT), tmp_path / "lift.pdf")
    _compare(tmp_path / "lift.pdf", 0, "lift-page-1.png")


def test_a_record_looks_as_it_was_approved(tmp_path: Path) -> None:
    write(filled_paper(RECORD), tmp_path / "record.pdf")
    _compare(tmp_path / "record.pdf", 0, "record-page-1.png")


@pytest.mark.parametrize("page", [0, 1])
def test_cover_and_index_look_as_they_were_approved(tmp_path: Path, page: int) -> None:
    names = [
        ("A", 0),
        ("安居花园（示范区）", 12),
        ("B", 0),
        ("变压器厂宿舍（示范区）", 101),
        ("Y", 0),
        ("㙍湖新村（示范区）", 7),
    ]
    cover = Cover(
        ("老旧小区改造", "计划册", "（2026年）"), ("示范区住建局", "2026年11月24日"), "内部资料", "小区3个　户数900户"
    )
    blocks: list[Block] = [cover, Chapter("小区索引"), IndexColumns(tuple(names))]
    with (tmp_path / "book.pdf").open("wb") as stream:
        canvas = BookCanvas(stream, "计划册", "", "JH-1")
        for placed in fill_pages(blocks):
            for each in placed:
                each.block.draw(canvas, LEFT, each.top, TEXT_WIDTH)
            canvas.next_page()
        canvas.save()
    _compare(tmp_path / "book.pdf", page, f"book-page-{page + 1}.png")


LIFT = LiftSheet(
    number="DT-T0001-1", community="㙍湖新村", place="示范区 鼓亭街道", subject="3栋 1单元", unit="", surveyor="𬭚文",
    day="2026-11-10", saved="2026-11-10 09:30", made="2026-11-24", result="有条件可行",
    facts=(Fact("地上层数", "6层"), Fact("单元户数", "12户"), Fact("可用空间", "面宽3.2×进深2.4m")),
    tests=(
        LiftTest("层数", "", "6层（至少5层）。", "符合"),
        LiftTest("业主表决", "民法典 第278条", "参与92%，同意73%。", "不符合"),
        LiftTest("井道下管线", "", "井道处有给水管，需迁改。", "有条件"),
    ),
    vote=LiftVote("3栋1单元", (12, 11, 8), (864.0, 859.0, 452.0), "no", "有条件可行"),
    map=MapData(), space=b"", foot=None, rules="2026-11+1",
)  # fmt: skip
RECORD = FilledForm(
    number="JL-f04-T0001-1", title="供水设施调查表", form="f04_water　版本 1", community="㙍湖新村",
    place="示范区 鼓亭街道", subject="", unit="", surveyor="𬭚文", day="2026-11-10", status="已完成",
    saved="2026-11-10 09:30 𬭚文",
    parts=(
        Part("", (
            Fact("供水方式", "", 1, (("市政直供", True), ("水箱+水泵", False))), Fact("主管公称直径", "100mm", 2),
            Fact("主管敷设年份", "1988年", 2), Fact("备注", "", 2),
        )),
        Part("水箱", (), ("编号", "容积"), (("1", "12m³"), ("2", "8m³"))),
    ),
    photos=(), made="2026-11-24",
)  # fmt: skip


def _compare(path: Path, page: int, name: str) -> None:
    with pypdfium2.PdfDocument(path) as document:
        now = document[page].render(scale=DPI / 72).to_pil().convert("L")
    stored = GOLDEN / name
    if os.environ.get("FIELDSURVEY_GOLDEN"):
        now.save(stored, optimize=True)
    with Image.open(stored) as kept:
        assert now.size == kept.size
        assert _difference(now, kept) < TOLERANCE


def _difference(a: Image.Image, b: Image.Image) -> float:
    blurred = [np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=float) for image in (a, b)]
    return float(np.abs(blurred[0] - blurred[1]).mean() / 255)
