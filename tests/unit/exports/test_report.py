"""The city as web pages: whole, offline, and nothing in it that should stay inside."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import shapely

from exports.report import city_report
from fieldsurvey.errors import InputRefused, JobCancelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from fieldsurvey.projects import new_project
from fieldsurvey.store import Store

DAY = "2026-11-24"


class Reads(HTMLParser):
    """Notes links and checks that what is opened is closed."""

    _VOID = frozenset({"meta", "input", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(path: Path) -> Reads:
    reader = Reads()
    reader.feed(path.read_text("utf-8"))
    assert not reader.open
    return reader


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_project(tmp_path / "p.gpkg") as opened:
        for number, name in enumerate(("㙍湖新村", '<a href="http://x.org">夺命</a>', "无图小区")):
            x = 500_000.0 + number * 900
            area = shapely.MultiPolygon([shapely.box(x, 3_300_000, x + 200, 3_300_150)]).wkb
            values: dict[str, Value] = {
                "code": f"T{number}",
                "name": name,
                "district": "示范区",
                "household_count": 100,
                "plan_year": 2027,
            }
            uid = opened.create_record("community", values | ({} if number == 2 else {"geom": area}))
            pipe = shapely.MultiLineString([[(x, 3_300_050), (x + 200, 3_300_050)]]).wkb
            opened.create_record("gas_line", {"community_uid": uid, "geom": pipe})
            answers = {"community_uid": uid, "subject_uid": uid, "status": "complete", "overall_cond": "severe"}
            opened.create_record("f04_water", answers | {"surveyor": "𬭚文"})
            home = {"community_uid": uid, "status": "complete", "room_no": "1203", "agree_reno": "agree"}
            opened.create_record("f18_willingness", home)
        yield opened


def test_every_page_is_whole_and_leads_nowhere_outside(store: Store, tmp_path: Path) -> None:
    made = city_report(store, tmp_path / "out", today=DAY)
    assert made.pages == 3
    assert made.index == tmp_path / "out" / "index.html"
    for path in (tmp_path / "out").rglob("*.html"):
        for target in read(path).links:
            assert not re.match(r"[a-z]+:|//", target)
            assert (path.parent / target).is_file()
        assert not re.search(r"<script|@import|url\(", path.read_text("utf-8"))


def test_names_of_communities_are_words_not_markup(store: Store, tmp_path: Path) -> None:
    made = city_report(store, tmp_path / "out", today=DAY)
    assert '<a href="http://x.org">夺命</a>' in "".join(read(made.index).texts)


def test_what_is_internal_or_personal_stays_inside(store: Store, tmp_path: Path) -> None:
    outside = city_report(store, tmp_path / "out", today=DAY)
    pages = "".join(path.read_text("utf-8") for path in (tmp_path / "out").rglob("*.html"))
    assert "燃气管线 RQ" not in pages
    assert "1203" not in pages
    assert any("管线" in sentence for sentence in outside.left_out)
    city_report(store, tmp_path / "in", restricted=True, today=DAY)
    assert any("燃气管线 RQ" in path.read_text("utf-8") for path in (tmp_path / "in").rglob("*.html"))


def test_figures_of_the_city_are_summed(store: Store, tmp_path: Path) -> None:
    told = "".join(read(city_report(store, tmp_path / "out", today=DAY).index).texts)
    assert "300户数" in told
    assert "2027年" in told
    assert "严重损坏" in told


def test_the_same_project_gives_the_same_pages(store: Store, tmp_path: Path) -> None:
    one, two = (city_report(store, tmp_path / name, today=DAY).index for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()


def test_a_report_is_replaced_and_other_files_are_not(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").write_bytes(b"x")
    with pytest.raises(InputRefused, match="mine"):
        city_report(store, tmp_path / "mine", today=DAY)
    assert (tmp_path / "mine" / "photo.jpg").exists()
    city_report(store, tmp_path / "out", today=DAY)
    city_report(store, tmp_path / "out", today=DAY)


def test_a_report_that_is_stopped_leaves_the_old_one(store: Store, tmp_path: Path) -> None:
    before = city_report(store, tmp_path / "out", today=DAY).index.read_bytes()
    control = JobControl()
    control.cancel()
    with pytest.raises(JobCancelled):
        city_report(store, tmp_path / "out", control, today=DAY)
    assert (tmp_path / "out" / "index.html").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []
