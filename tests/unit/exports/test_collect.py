"""From records to the words of the sheet: nothing invented, nothing kept back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely

from exports.sheet.answers import Labels
from exports.sheet.collect import Collector
from exports.sheet.data import SheetData
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind
from fieldsurvey.store import Store

HEAD = ("community_uid", "subject_uid", "form_version", "status", "saved_at")
CODES = {
    "riser_cond": {"severe": "严重损坏", "good": "完好"},
    "overall_cond": {"severe": "严重损坏", "danger": "危险", "basic": "基本完好"},
    "yellow_water": {"yes": "是", "no": "否"},
    "main_material": {"grey_ci": "灰口铸铁"},
    "urgency": {"u2": "本年度计划"},
    "reno_suggest": {"replace": "更换/新建", "repair": "修缮"},
    "fire_prob": {"clutter": "楼道堆物", "ebike": "楼道停放(充电)", "none": "无"},
    "result": {"cond": "有条件可行(需迁改)", "no": "不具备"},
    "data_source": {"field": "现场查看", "utility": "专营单位提供"},
    "reno_class_wanted": {"base": "基础类", "improve": "完善类"},
}
FIGURES = (
    "main_dn",
    "main_year",
    "leaks_12m",
    "pressure_top",
    "owners_total",
    "owners_voted",
    "area_total",
    "household_count",
)
TEXTS = ("surveyor", "survey_date", "building_no", "unit_no", "vote_ok", "built_year_first", "built_year_last", *CODES)
TITLES = {
    "f01_community": "小区基本情况表",
    "f04_water": "供水设施调查表",
    "f09_fire": "消防设施调查表",
    "f11_elevator": "加装电梯可行性调查表",
}


class Forms:
    """Labels as the forms have them, without compiling a form for each test."""

    def labels(self, form_id: str) -> Labels:
        return CODES

    def title(self, form_id: str) -> str:
        return TITLES.get(form_id, "")


def _table(name: str) -> Table:
    texts = [Column(each, ColumnType.TEXT, each, each) for each in (*HEAD, *TEXTS)]
    return Table(name, TableKind.FORM, name, name, (*texts, *(Column(f, ColumnType.REAL, f, f) for f in FIGURES)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "city.gpkg") as store:
        for name in TITLES:
            store.add_table(_table(name))
        yield store


@pytest.fixture
def community(store: Store) -> str:
    area = shapely.MultiPolygon([shapely.box(500_000, 3_300_000, 500_100, 3_300_080)])
    values = {"code": "T1", "name": "示范小区", "district": "甲区", "household_count": 436, "geom": area.wkb}
    return store.create_record("community", values)


def add(store: Store, form: str, community: str, **answers: Any) -> str:
    head = {
        "community_uid": community,
        "subject_uid": community,
        "status": "complete",
        "saved_at": "2026-11-12T09:20:00Z",
    }
    return store.create_record(form, {**head, "surveyor": "李工", "survey_date": "2026-11-12", **answers})


def sheet(store: Store, community: str) -> SheetData:
    return Collector(store, Forms(), "2026-11-24").sheet(community)


def system(store: Store, community: str, name: str) -> Any:
    return next(each for each in sheet(store, community).systems if each.name == name)


def test_the_summary_is_made_of_the_answers(store: Store, community: str) -> None:
    add(store, "f04_water", community, main_material="grey_ci", main_dn=100.0, main_year=1986.0, riser_cond="severe")
    assert system(store, community, "供水").summary == "庭院主管灰口铸铁DN100；1986年敷设；立管严重损坏。"


def test_a_blank_answer_makes_no_phrase(store: Store, community: str) -> None:
    add(store, "f04_water", community, main_material="grey_ci", main_year=1986.0)
    assert system(store, community, "供水").summary == "1986年敷设。"


def test_problems_are_only_those_recorded(store: Store, community: str) -> None:
    add(store, "f04_water", community, yellow_water="yes", leaks_12m=7.0, riser_cond="good")
    assert system(store, community, "供水").problems == "黄水、异味投诉；近12月爆漏7次。"


def test_no_problem_in_a_list_is_no_problem(store: Store, community: str) -> None:
    add(store, "f09_fire", community, fire_prob="none")
    assert system(store, community, "消防").problems == ""


def test_several_problems_are_named_with_their_labels(store: Store, community: str) -> None:
    add(store, "f09_fire", community, fire_prob="clutter ebike")
    assert system(store, community, "消防").problems == "楼道堆物、楼道停放（充电）。"


def test_the_worst_condition_is_the_grade(store: Store, community: str) -> None:
    for grade in ("basic", "danger", "severe"):
        add(store, "f04_water", community, overall_cond=grade)
    assert system(store, community, "供水").grade == "danger"


def test_advice_joins_action_and_urgency(store: Store, community: str) -> None:
    add(store, "f04_water", community, reno_suggest="replace repair", urgency="u2")
    assert system(store, community, "供水").advice == "更换/新建、修缮；本年度计划。"


def test_a_draft_is_called_a_draft(store: Store, community: str) -> None:
    add(store, "f04_water", community, main_year=1986.0, status="draft")
    assert "草稿，未提交" in system(store, community, "供水").summary


def test_a_system_without_record_names_the_missing_form(store: Store, community: str) -> None:
    assert system(store, community, "供水").summary == "未调查：缺 f04 供水设施调查表"
    assert "排水（缺f05）" in system(store, community, "其他").summary


def test_votes_are_listed_for_each_stairwell(store: Store, community: str) -> None:
    add(
        store,
        "f11_elevator",
        community,
        building_no="3栋",
        unit_no="1单元",
        owners_total=12.0,
        vote_ok="1",
        result="cond",
    )
    add(store, "f11_elevator", community, building_no="3栋", unit_no="2单元", result="no")
    first, second = sheet(store, community).lifts
    assert (first.place, first.owners, first.passes, first.result) == (
        "3栋 1单元",
        (12, None, None),
        "yes",
        "有条件可行（需迁改）",
    )
    assert (second.owners, second.passes) == ((None, None, None), "")
    assert system(store, community, "加装电梯").summary == "已调查2个单元；有条件可行（需迁改）1个；不具备1个。"


def facts(store: Store, community: str) -> dict[str, str]:
    return {fact.label: fact.value for fact in sheet(store, community).profile}


def test_the_profile_takes_the_form_before_the_ledger(store: Store, community: str) -> None:
    assert facts(store, community)["户数/人口"] == "436户"
    add(store, "f01_community", community, household_count=450.0, built_year_first="1985", built_year_last="1992")
    assert facts(store, community)["户数/人口"] == "450户"
    assert facts(store, community)["建成年份"] == "1985—1992年"


def test_ticks_show_what_was_chosen(store: Store, community: str) -> None:
    add(store, "f01_community", community, reno_class_wanted="improve")
    fact = next(fact for fact in sheet(store, community).profile if fact.label == "拟改类别")
    assert fact.options == (("基础类", False), ("完善类", True))


def test_money_and_year_appear_only_when_they_are_known(store: Store, community: str) -> None:
    assert sheet(store, community).plan == ()
    store.save(community, {"plan_year": 2027, "est_investment": 1326.6})
    assert [(fact.label, fact.value) for fact in sheet(store, community).plan] == [
        ("计划年度", "2027年"),
        ("估算投资", "1,326.6万元"),
    ]


def test_number_days_and_people_come_from_the_records(store: Store, community: str) -> None:
    add(store, "f04_water", community, surveyor="王工", survey_date="2026-11-10")
    add(store, "f09_fire", community)
    data = sheet(store, community)
    assert (data.number, data.dates, data.surveyors) == (
        "PG-T1-20261112",
        ("2026-11-10", "2026-11-12"),
        ("王工", "李工"),
    )
    assert data.version == "记录截至 2026-11-12 17:20"


def test_sources_are_told_once_each(store: Store, community: str) -> None:
    add(store, "f04_water", community, data_source="field utility")
    add(store, "f09_fire", community, data_source="field")
    assert sheet(store, community).sources == ("现场查看", "专营单位提供")


def test_the_map_holds_what_lies_in_view_and_its_reference_system(store: Store, community: str) -> None:
    for x, name in ((500_010, "1栋"), (520_000, "9栋")):
        shape = shapely.MultiPolygon([shapely.box(x, 3_300_010, x + 30, 3_300_022)])
        store.create_record("building", {"name": name, "kind": "住宅", "community_uid": community, "geom": shape.wkb})
    data = sheet(store, community).map
    assert [item.label for item in data.layers["building"]] == ["1"]
    assert "中央子午线114°" in data.crs


def test_an_unknown_community_is_refused(store: Store) -> None:
    with pytest.raises(InputRefused):
        sheet(store, "0" * 32)
