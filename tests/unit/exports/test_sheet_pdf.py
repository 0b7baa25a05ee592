"""The finished sheet, looked at from outside: as a reader, a scanner and a validator see it."""

import shutil
import subprocess
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from exports.sheet.data import Fact, Photo, SheetData
from exports.sheet.document import render
from exports.sheet.faces import MissingCharacters
from exports.sheet.names import DATA_NAME
from tests.unit.exports.conftest import MakeSheet

needs_poppler = pytest.mark.skipif(shutil.which("pdffonts") is None, reason="poppler-utils is not installed")


@pytest.fixture
def sheet(surveyed: MakeSheet, photo: Photo, tmp_path: Path) -> Path:
    out = tmp_path / "sheet.pdf"
    render(surveyed(photos=(photo,) * 3, photos_total=3), out)
    return out


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


@needs_poppler
def test_every_font_is_embedded_and_can_be_searched(sheet: Path) -> None:
    table = subprocess.run(["pdffonts", sheet], capture_output=True, text=True, check=True).stdout
    rows = [line.split()[-5:-2] for line in table.splitlines()[2:]]
    assert rows
    assert all(row == ["yes", "yes", "yes"] for row in rows)


@needs_poppler
@pytest.mark.parametrize("name", ["㙍湖新村", "䶮塘社区", "𬭚文", "32,708㎡", "1,234,567户"])
def test_rare_characters_can_be_copied(sheet: Path, name: str) -> None:
    text = subprocess.run(["pdftotext", sheet, "-"], capture_output=True, text=True, check=True).stdout
    assert name in text.replace(" ", "")


def test_the_file_is_an_accessible_archive_file(sheet: Path) -> None:
    page = pytest.importorskip("page")
    for profile in ("3a", "ua1"):
        report = page.validate_pdf(sheet, profile=profile)
        assert not [(failure.rule_id, failure.message) for failure in report.failures]


@pytest.mark.parametrize("dpi", [75, 150])
def test_the_qr_code_holds_number_and_verification_code(surveyed: MakeSheet, tmp_path: Path, dpi: int) -> None:
    import zxingcpp

    from exports.sheet.data import digest_of

    data, out = surveyed(), tmp_path / "sheet.pdf"
    render(data, out)
    with pypdfium2.PdfDocument(out) as document:
        images = [page.render(scale=dpi / 72).to_pil() for page in document]
    found = {zxingcpp.read_barcodes(image)[0].text for image in images}
    assert found == {f"FS1:{data.number}:{digest_of(data.canonical())[:32]}"}


def test_the_same_data_give_the_same_bytes(surveyed: MakeSheet, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        render(surveyed(), tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_the_data_are_inside_the_sheet(surveyed: MakeSheet, sheet: Path, photo: Photo) -> None:
    with pikepdf.open(sheet) as pdf:
        inside = pdf.attachments[DATA_NAME].get_file().read_bytes()
    assert inside == surveyed(photos=(photo,) * 3, photos_total=3).canonical()


def test_every_page_says_which_it_is_of_how_many(sheet: Path) -> None:
    with pypdfium2.PdfDocument(sheet) as document:
        for index, page in enumerate(document):
            assert f"第{index + 1}页" in page.get_textpage().get_text_range().replace(" ", "").replace("　", "")


def test_bookmarks_lead_to_the_parts(sheet: Path) -> None:
    with pikepdf.open(sheet) as pdf, pdf.open_outline() as outline:
        assert [item.title for item in outline.root][:3] == ["一、小区基本情况", "二、分项现状评价", "三、小区现状图"]


def test_a_community_without_any_record_prints_what_is_missing(unsurveyed: SheetData, tmp_path: Path) -> None:
    render(unsurveyed, tmp_path / "empty.pdf")
    text = text_of(tmp_path / "empty.pdf")
    assert "f01 小区基本情况表" in text
    assert "未绘现状图" in text
    assert "没有照片" in text


def test_the_sheet_never_calls_itself_an_appraisal(sheet: Path) -> None:
    assert "鉴定" not in text_of(sheet)


def test_a_photo_that_is_not_here_yet_is_told(surveyed: MakeSheet, photo: Photo, tmp_path: Path) -> None:
    from dataclasses import replace

    render(surveyed(photos=(replace(photo, path=None),), photos_total=1), tmp_path / "sheet.pdf")
    assert "照片尚未同步到本机" in text_of(tmp_path / "sheet.pdf")


def test_a_damaged_photo_does_not_cost_the_sheet(surveyed: MakeSheet, photo: Photo, tmp_path: Path) -> None:
    assert photo.path is not None
    photo.path.write_bytes(photo.path.read_bytes()[:2000])
    render(surveyed(photos=(photo,), photos_total=1), tmp_path / "sheet.pdf")
    assert "已损坏" in text_of(tmp_path / "sheet.pdf")


def test_long_names_stay_on_the_page(surveyed: MakeSheet, tmp_path: Path) -> None:
    name = "黄石市示范区鼓亭街道原国营第一纺织机械厂职工住宅小区（东区、西区及铁路宿舍）"
    profile = (Fact("小区名称", name * 2, 2), Fact("详细地址", name * 3, 2), Fact("户数", "9" * 40))
    render(surveyed(name=name, place=name, unit=name, profile=profile), tmp_path / "sheet.pdf")
    with pypdfium2.PdfDocument(tmp_path / "sheet.pdf") as document:
        for page in document:
            words = page.get_textpage()
            boxes = [words.get_charbox(index) for index in range(words.count_chars())]
            assert max((right for _left, _bottom, right, _top in boxes), default=0) <= 595.3 - 60


def test_characters_that_no_typeface_has_are_named(surveyed: MakeSheet, tmp_path: Path) -> None:
    with pytest.raises(MissingCharacters) as caught:
        render(surveyed(name="笑脸😀小区\U00030000"), tmp_path / "sheet.pdf")
    assert caught.value.characters == "😀\U00030000"
    assert "U+1F600" in str(caught.value)
    assert not list(tmp_path.glob("*sheet*"))


def test_map_items_are_signed_with_all_their_values(surveyed: MakeSheet) -> None:
    import hashlib
    import json
    from dataclasses import fields

    from exports.sheet.data import MapItem

    data = surveyed()
    told = json.loads(data.canonical())["map"]["layers"]["road"][0]
    item = data.map.layers["road"][0]
    assert set(told) == {each.name for each in fields(MapItem)}
    assert told == {"wkb": hashlib.sha256(item.wkb).hexdigest(), "label": "示范路", "kind": "支路", "width": 12.0}
