"""Documents besides the assessment sheet: filled forms, lift sheets, problem lists, comparisons."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
import shapely

from exports import papers
from exports.batch import SheetsFailed
from exports.sheet.comparison import compare_rounds, compare_versions
from exports.sheet.filled import filled_form, filled_paper
from exports.sheet.lift_sheet import lift_sheet
from exports.sheet.paper import write
from exports.sheet.problem_list import problem_list
from exports.verify import verify
from fieldsurvey.assess.lift import lifts
from fieldsurvey.errors import InputRefused
from fieldsurvey.i18n import speaking
from fieldsurvey.model.schema import Value
from fieldsurvey.projects import new_project
from fieldsurvey.store import Store

HOUSE = shapely.box(500_000, 3_300_000, 500_040, 3_300_012)
STAIR = shapely.Point(500_020, 3_300_012)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A community with one house of one stairwell, surveyed."""
    with new_project(tmp_path / "p.gpkg") as opened:
        area = shapely.MultiPolygon([shapely.box(499_980, 3_299_980, 500_080, 3_300_060)])
        community = opened.create_record("community", {"code": "T1", "name": "㙍湖新村", "geom": area.wkb})
        multi = shapely.MultiPolygon([HOUSE])
        house = opened.create_record(
            "building", {"community_uid": community, "name": "1栋", "floors": 6, "geom": multi.wkb}
        )
        stair = {"community_uid": community, "building_uid": house, "unit": "1单元", "geom": STAIR.wkb}
        answers: dict[str, Value] = {
            "community_uid": community,
            "status": "complete",
            "surveyor": "𬭚文",
            "survey_date": "2026-10-01",
        }
        lift: dict[str, Value] = {
            "subject_uid": opened.create_record("stairwell", stair), "building_no": "1栋", "unit_no": "1单元",
            "floors": 6, "existing_lift": "no", "safety_grade": "b", "owners_total": 12, "owners_voted": 9,
            "owners_agree": 7, "area_total": 900.0, "area_voted": 600.0, "area_agree": 450.0, "pipes_conflict": "rq",
            "space_width": 3.0, "space_depth": 2.5, "road_left": 3.5, "gap_opposite": 20.0, "sun_affected": "no",
            "result": "cond",
        }  # fmt: skip
        opened.create_record("f11_elevator", answers | lift)
        water: dict[str, Value] = {
            "subject_uid": community,
            "survey_round": "baseline",
            "main_dn": 100,
            "main_material": "steel",
        }
        opened.create_record("f04_water", answers | water)
        issue: dict[str, Value] = {
            "subject_uid": community,
            "building_no": "1栋",
            "position": "北立面",
            "description": "空鼓6㎡",
            "est_cost": 1.5,
        }
        opened.create_record("f21_issue", answers | issue)
        yield opened


def uid_of(store: Store, table: str) -> str:
    return str(store.select(table, ["uid"], limit=1)[0]["uid"])


def text_of(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


def test_a_record_is_printed_with_question_choice_and_unit(store: Store, tmp_path: Path) -> None:
    write(filled_paper(filled_form(store, "f04_water", uid_of(store, "f04_water"), "2026-11-24")), tmp_path / "r.pdf")
    told = text_of(tmp_path / "r.pdf")
    for words in ("供水设施调查表", "㙍湖新村", "𬭚文", "100mm", "钢管", "漏损率未填"):
        assert words in told
    assert verify(tmp_path / "r.pdf").matches


def test_every_form_of_a_community_becomes_paper(store: Store, tmp_path: Path) -> None:
    written = papers.record_sheets(store, "T1", tmp_path / "out")
    assert [path.name for path in written] == [
        f"T1_{form}_001.pdf" for form in ("f04_water", "f11_elevator", "f21_issue")
    ]


def test_answers_of_residents_stay_at_home_unless_asked_for(store: Store, tmp_path: Path) -> None:
    community = uid_of(store, "community")
    store.create_record("f18_willingness", {"community_uid": community, "status": "complete"})
    inside = {path.name for path in papers.record_sheets(store, "T1", tmp_path / "a")}
    asked = {path.name for path in papers.record_sheets(store, "T1", tmp_path / "b", personal=True)}
    assert asked - inside == {"T1_f18_willingness_001.pdf"}


def test_a_form_that_is_not_there_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="f99"):
        papers.record_sheets(store, "T1", tmp_path, forms=["f99"])


def test_a_lift_sheet_says_what_decides_and_where_it_stands(store: Store) -> None:
    with speaking("zh_CN"):
        (judged,) = lifts(store, uid_of(store, "community"))
    data = lift_sheet(store, store.select("community")[0], judged, "2026-11-24")
    found = {test.name: test for test in data.tests}
    assert found["业主表决"].result == "符合"  # 9 of 12 and 7 of 9; exactly two thirds and three quarters of the area
    assert "第278条" in found["业主表决"].citation
    assert found["剩余道路净宽"].result == "待核"  # 3.5 m, and whether it is a fire lane is not known
    assert data.result == "需专项论证"
    assert not found["井道空间"].citation  # an internal reference is not printed as a source
    assert data.space
    assert "鉴定" not in str(data)


def test_restricted_layers_stay_off_the_figure(store: Store) -> None:
    line = shapely.MultiLineString([[(500_000, 3_300_018), (500_040, 3_300_018)]])
    store.create_record("gas_line", {"community_uid": uid_of(store, "community"), "geom": line.wkb})
    (judged,) = lifts(store, uid_of(store, "community"))
    row = store.select("community")[0]
    assert "gas_line" in lift_sheet(store, row, judged, "2026-11-24").map.layers
    assert "gas_line" not in lift_sheet(store, row, judged, "2026-11-24", restricted=False).map.layers


def test_lift_sheets_are_archive_files(store: Store, tmp_path: Path) -> None:
    page = pytest.importorskip("page")
    (path,) = papers.lift_sheets(store, "T1", tmp_path)
    for profile in ("3a", "ua1"):
        report = page.validate_pdf(path, profile=profile)
        assert not [(failure.rule_id, failure.message) for failure in report.failures]
    assert "可行性初判表" in text_of(path)


def test_a_problem_list_sums_its_costs(store: Store, tmp_path: Path) -> None:
    data = problem_list(store, uid_of(store, "community"), "2026-11-24")
    assert [(issue.place, issue.told, issue.cost) for issue in data.issues] == [("1栋 北立面", "空鼓6㎡", 1.5)]
    (path,) = papers.problem_lists(store, ["T1"], tmp_path)
    assert "合计1.50" in text_of(path)


def test_two_rounds_are_compared_by_question(store: Store) -> None:
    community = uid_of(store, "community")
    again = {"community_uid": community, "subject_uid": community, "status": "complete", "survey_round": "acceptance"}
    store.create_record("f04_water", again | {"main_dn": 150, "main_material": "steel"})
    found = compare_rounds(store, community, "baseline", "acceptance")
    assert [(change.field, change.before, change.after) for change in found.changes] == [
        ("庭院主管公称直径（mm）", "100", "150")
    ]
    assert (found.before, found.after) == ("摸底调查", "竣工验收")


def test_an_unknown_round_is_told_with_those_there_are(store: Store) -> None:
    with pytest.raises(InputRefused, match="baseline"):
        compare_rounds(store, uid_of(store, "community"), "baseline", "first")


def test_versions_tell_what_changed_by_whom_and_what_went(store: Store, tmp_path: Path) -> None:
    store.copy_to(tmp_path / "old.gpkg")
    store.save(uid_of(store, "f04_water"), {"main_material": "pe"})
    store.create_record("f18_willingness", {"community_uid": uid_of(store, "community"), "room_no": "1203"})
    store.delete(uid_of(store, "f21_issue"))
    wider = shapely.MultiPolygon([shapely.box(500_000, 3_300_000, 500_040, 3_300_014)])
    store.save(uid_of(store, "building"), {"geom": wider.wkb})
    with Store.open(tmp_path / "old.gpkg", read_only=True) as old:
        found = compare_versions(old, store, uid_of(store, "community"), "前", "后")
    changed = {(change.field, change.before, change.after) for change in found.changes}
    assert changed == {("庭院主管材质", "钢管", "PE"), ("图形", "面积480.0㎡", "面积560.0㎡")}
    assert all(change.moment for change in found.changes)
    assert len(found.vanished) == 1
    assert not found.appeared


def test_the_state_of_an_earlier_day_is_compared(store: Store, tmp_path: Path) -> None:
    out = papers.comparison(store, "T1", tmp_path / "c.pdf", since="2026-01-01")
    assert "新增的记录" in text_of(out)
    with pytest.raises(InputRefused, match="last week"):
        papers.comparison(store, "T1", tmp_path / "d.pdf", since="last week")
    with pytest.raises(InputRefused):
        papers.comparison(store, "T1", tmp_path / "d.pdf")
    assert not (tmp_path / "d.pdf").exists()


def test_one_record_that_cannot_be_printed_costs_no_other(store: Store, tmp_path: Path) -> None:
    store.save(uid_of(store, "f04_water"), {"remarks": "😀"})
    with pytest.raises(SheetsFailed) as caught:
        papers.record_sheets(store, "T1", tmp_path)
    assert len(caught.value.written) == 2
    assert len(caught.value.failed) == 1
