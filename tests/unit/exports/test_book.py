"""The plan book, looked at from outside: pages, sums, order, what a failure costs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import shapely
from PIL import Image

from exports.book import plan_book
from exports.book_layout import MISSING_MARK
from exports.verify import verify
from fieldsurvey.cli import run
from fieldsurvey.errors import InputRefused, JobCancelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store

TODAY = "2026-11-25"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "city.gpkg") as store:
        yield store


def add(store: Store, code: str, district: str | None, year: int | None, wan: float | None, **values: Any) -> str:
    row = {"code": code, "name": f"小区{code}", "district": district, "plan_year": year, "est_investment": wan}
    return store.create_record("community", {**row, **values})


@pytest.fixture
def city(store: Store) -> Store:
    area = bytes(shapely.to_wkb(shapely.MultiPolygon([shapely.box(500_000, 3_300_000, 500_100, 3_300_080)])))
    add(store, "A1", "下陆区", 2025, 100.5, household_count=1200, geom=area)
    add(store, "A2", "下陆区", 2026, 200.25, household_count=30)
    add(store, "B1", "黄石港区", 2025, 50.0)
    add(store, "C1", None, None, None)
    return store


def pages_of(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range().replace(" ", "").replace("　", "") for page in document]


def page_with(pages: list[str], *texts: str) -> int:
    """Return the number of the first page that has all texts."""
    return next(number for number, page in enumerate(pages, 1) if all(text in page for text in texts))


def test_sums_by_district_and_year_reconcile(city: Store, tmp_path: Path) -> None:
    plan_book(city, tmp_path / "book.pdf", today=TODAY)
    pages = pages_of(tmp_path / "book.pdf")
    summary = pages[page_with(pages, "按区县汇总") - 1]
    assert summary.count("350.75") == 2  # the total of both tables
    assert "300.75" in summary
    assert "150.50" in summary
    assert "1,230" in summary


def test_contents_name_the_page_on_which_each_sheet_begins(city: Store, tmp_path: Path) -> None:
    made = plan_book(city, tmp_path / "book.pdf", today=TODAY)
    pages = pages_of(tmp_path / "book.pdf")
    assert made.pages == len(pages)
    contents = pages[page_with(pages, "目录") - 1].replace("\r\n", "\n").split("\n")
    for code in ("A1", "A2", "B1", "C1"):
        begins = page_with(pages, f"小区{code}改造现状评估表", f"编号：PG-{code}")
        assert f"{code}小区{code}{begins}" in contents
        assert f"第{begins}页共{len(pages)}页" in pages[begins - 1]


def test_districts_stand_in_the_order_of_their_codes_and_the_unknown_last(city: Store, tmp_path: Path) -> None:
    plan_book(city, tmp_path / "book.pdf", today=TODAY)
    with pikepdf.open(tmp_path / "book.pdf") as pdf, pdf.open_outline() as outline:
        chapters = [item.title for item in outline.root]
        first = next(item for item in outline.root if "黄石港" in item.title)
        communities = [item.title for item in first.children]
        parts = [item.title for item in first.children[0].children]
    districts = ["第二章　黄石港区", "第三章　下陆区", "第四章　未定区县"]
    assert chapters == ["封面", "目　录", "第一章　改造计划汇总", *districts, "小区索引"]
    assert communities == ["B1 小区B1"]
    assert parts[0] == "一、小区基本情况"


def test_the_book_is_an_accessible_archive_file(city: Store, tmp_path: Path) -> None:
    page = pytest.importorskip("page")
    plan_book(city, tmp_path / "book.pdf", today=TODAY)
    for profile in ("3a", "ua1"):
        report = page.validate_pdf(tmp_path / "book.pdf", profile=profile)
        assert not [(failure.rule_id, failure.message) for failure in report.failures]


def test_every_line_of_contents_and_index_leads_to_the_page_that_it_names(city: Store, tmp_path: Path) -> None:
    plan_book(city, tmp_path / "book.pdf", today=TODAY)
    seen = []
    with pikepdf.open(tmp_path / "book.pdf") as pdf:
        numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages, 1)}
        parents = pdf.Root.StructTreeRoot.ParentTree.Nums
        owners = {int(parents[at]): parents[at + 1] for at in range(0, len(parents), 2)}
        for page in pdf.pages:
            for link in page.get("/Annots", []):
                told = str(link.Contents)
                assert told.endswith(f"转到第{numbers[link.Dest[0].objgen]}页")
                owner = owners[int(link.StructParent)]
                assert str(owner.S) == "/Link"
                assert owner.K[-1].Obj.objgen == link.objgen
                seen.append(told.partition("，")[0])
    assert seen.count("A1　小区A1") == 1
    assert seen.count("小区A1（下陆区）") == 1
    assert len(seen) == 5 + 4 + 4  # chapters, and each community twice


def test_the_same_project_gives_the_same_bytes_that_verify(city: Store, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        plan_book(city, tmp_path / name, today=TODAY)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert verify(tmp_path / "a.pdf").matches


def test_a_community_whose_name_cannot_be_printed_is_named_and_costs_no_other(city: Store, tmp_path: Path) -> None:
    add(city, "B2", "黄石港区", 2025, 10.0, name="笑脸😀里")
    made = plan_book(city, tmp_path / "book.pdf", today=TODAY)
    (label,) = made.failed
    assert label == f"B2 笑脸{MISSING_MARK}里"
    assert "U+1F600" in made.failed[label]
    assert made.sheets == 4
    pages = pages_of(tmp_path / "book.pdf")
    assert page_with(pages, "评估表未能生成", "U+1F600")
    assert page_with(pages, "小区A2改造现状评估表")
    assert "360.75" in pages[page_with(pages, "按区县汇总") - 1]  # its money still counts


def test_a_sheet_that_fails_while_it_is_drawn_costs_no_other(
    city: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from exports.sheet.map_figure import MapFigure

    def fail(*_: object) -> None:
        raise ValueError("ring is not closed")

    monkeypatch.setattr(MapFigure, "draw", fail)  # A1 is the only one with an area
    made = plan_book(city, tmp_path / "book.pdf", today=TODAY)
    assert made.failed == {"A1 小区A1": "ring is not closed"}
    pages = pages_of(tmp_path / "book.pdf")
    assert len(pages) == made.pages
    notice = page_with(pages, "评估表未能生成", "ringisnotclosed")
    assert f"A1小区A1{notice}" in pages[1].replace("\r\n", "\n").split("\n")
    assert page_with(pages, "小区A2改造现状评估表", "编号：PG-A2")


@pytest.mark.parametrize("stop_at", [0, 2, 3, 4])
def test_a_stopped_book_leaves_the_old_file(city: Store, tmp_path: Path, stop_at: int) -> None:
    out = tmp_path / "book.pdf"
    out.write_bytes(b"old")
    control = JobControl(lambda progress: control.cancel() if progress.done == stop_at else None)
    with pytest.raises(JobCancelled):
        plan_book(city, out, control, today=TODAY)
    assert out.read_bytes() == b"old"
    assert not list(tmp_path.glob(".book*"))


def test_a_project_without_communities_says_so(store: Store, tmp_path: Path) -> None:
    plan_book(store, tmp_path / "book.pdf", today=TODAY)
    assert page_with(pages_of(tmp_path / "book.pdf"), "项目中没有小区")


def test_the_command_names_the_sheet_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, out = tmp_path / "own.gpkg", tmp_path / "book.pdf"
    with Store.create(project) as store:
        add(store, "B1", "黄石港区", 2025, 20.0)
        add(store, "B2", "黄石港区", 2025, 10.0, name="笑脸😀里")
    assert run(["export", "book", str(project), "--out", str(out)]) == 1
    printed = capsys.readouterr()
    assert printed.out.strip() == str(out)
    assert "B2" in printed.err
    assert page_with(pages_of(out), "小区B1改造现状评估表")


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(city: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputRefused, match=r"book\.pdf"):
        plan_book(city, tmp_path / "file" / "book.pdf", today=TODAY)


def test_photos_of_the_book_are_smaller_copies(tmp_path: Path) -> None:
    from exports.photo_copies import BOOK, PRINT, copy_of

    Image.effect_noise((2000, 1500), 60).convert("RGB").save(tmp_path / "a.jpg")
    sizes = {}
    for pixels in (PRINT, BOOK):
        with Image.open(copy_of(tmp_path / "a.jpg", "0" * 64, tmp_path, pixels)) as image:
            sizes[pixels] = image.size
    assert sizes == {PRINT: (900, 675), BOOK: (600, 450)}


def test_a_cover_makes_a_part_of_every_copy_unrecognisable_and_leaves_the_original(tmp_path: Path) -> None:
    from exports.photo_copies import copy_of
    from fieldsurvey.model.marks import Mark, from_json, to_json

    Image.effect_noise((900, 600), 90).convert("RGB").save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    cover = from_json(to_json([Mark("cover", ((0.5, 0.5), (0.2, 0.2)))]))
    with Image.open(copy_of(tmp_path / "a.png", "1" * 64, tmp_path / "cache", marks=cover)) as image:
        inside, outside = image.convert("L").crop((190, 130, 440, 290)), image.convert("L").crop((500, 320, 890, 590))
    assert _roughness(inside) < _roughness(outside) / 10
    assert (tmp_path / "a.png").read_bytes() == before


def _roughness(image: Image.Image) -> float:
    """Return the mean difference between neighbours across."""
    data, width = [int(value) for value in image.tobytes()], image.width
    steps = [abs(data[at] - data[at - 1]) for at in range(1, len(data)) if at % width]
    return sum(steps) / len(steps)


def test_no_initial_of_the_index_stands_alone_at_a_foot() -> None:
    from exports.book_blocks import IndexColumns

    lines = tuple((f"小区{number}", number % 3) for number in range(1, 500))
    room, rest, seen = 600.0, IndexColumns(lines), 0
    while (parts := rest.split(440, room)) is not None and rest.height(440) > room:
        head, rest = parts
        assert isinstance(head, IndexColumns)
        assert isinstance(rest, IndexColumns)
        assert head.height(440) <= room
        assert head.lines[-1][1]
        seen += len(head.lines)
    assert seen + len(rest.lines) == len(lines)
