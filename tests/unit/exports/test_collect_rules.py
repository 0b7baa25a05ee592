"""Table 3 and the problem points of the map: what the rules engine found, no more and no less."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
import shapely

from exports.sheet.collect_rules import PRINTED, rule_check_of
from exports.sheet.data import RuleCheck
from exports.sheet.document import render
from fieldsurvey.assess.rules import engine
from fieldsurvey.assess.rules.catalogue import RULES
from fieldsurvey.assess.rules.decisions import Choice, decide
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from tests.unit.exports.conftest import MakeSheet

X, Y = 500_000.0, 3_300_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "city.gpkg") as store:
        yield store


@pytest.fixture
def community(store: Store) -> str:
    """A community with a drain 2 m from a house and a narrow lane."""
    area = shapely.MultiPolygon([shapely.box(X, Y, X + 200, Y + 200)])
    uid = store.create_record("community", {"code": "T1", "name": "示范小区", "geom": area.wkb})
    house = shapely.MultiPolygon([shapely.box(X + 50, Y + 50, X + 90, Y + 62)])
    store.create_record("building", {"community_uid": uid, "name": "3栋", "geom": house.wkb, "floors": 7})
    lane = shapely.MultiLineString([[(X + 10, Y + 40), (X + 150, Y + 40)]])
    store.create_record("internal_road", {"community_uid": uid, "width": 3.0, "geom": lane.wkb})
    drain = shapely.MultiLineString([[(X + 20, Y + 48.0), (X + 120, Y + 48.0)]])
    store.create_record("drain_line", {"community_uid": uid, "geom": drain.wkb})
    return uid


def test_without_a_run_nothing_is_claimed(store: Store, community: str) -> None:
    assert rule_check_of(store, community) == RuleCheck()


def test_every_rule_has_a_row_and_what_was_not_tested_says_so(store: Store, community: str) -> None:
    engine.update(store, JobControl())
    rows = rule_check_of(store, community).rows
    asked = {rule.id for rule in RULES if rule.id[0] in "RF"} - {"F22"}
    assert asked <= {row.rule for row in rows}
    assert [row.rule for row in rows] == [rule.id for rule in RULES if rule.id in {row.rule for row in rows}]
    assert all(row.tested for row in rows if row.rule not in asked)  # what a layer must be brought for
    assert rule_check_of(store, community).unrecorded
    assert "输入本项目未采集" not in {problem.reason for problem in rule_check_of(store, community, 10_000).problems}
    assert all((row.result == "未核查") is (row.tested == 0) for row in rows)
    assert all(row.tested == row.passed + row.failed + row.open for row in rows)
    assert next(row for row in rows if row.rule == "R4").result == "不符合"


def test_a_problem_has_its_figures_and_its_place_on_the_ground(store: Store, community: str) -> None:
    engine.update(store, JobControl())
    problems = rule_check_of(store, community).problems
    drain = next(each for each in problems if each.rule == "R7")
    assert (drain.measured, drain.required, drain.result) == ("2 m", "≥ 2.5 m", "不符合")
    assert drain.citation == "GB 50289-2016 4.1.9"
    assert drain.point is not None
    assert X + 45 < drain.point[0] < X + 95
    assert [each.number for each in problems] == list(range(1, len(problems) + 1))


def test_only_read_sources_are_cited(store: Store, community: str) -> None:
    engine.update(store, JobControl())
    check = rule_check_of(store, community)
    reach = next(row for row in check.rows if row.rule == "R5")  # its number is our own proposal
    assert reach.citation == ""


def test_what_an_engineer_set_aside_is_counted_but_not_listed(store: Store, community: str) -> None:
    engine.update(store, JobControl())
    before = rule_check_of(store, community)
    finding = next(each for each in store.findings(community) if each.rule == "R7")
    decide(store, finding, Choice.OVERRIDDEN, "已核对竣工图")
    after = rule_check_of(store, community)
    assert (after.total, after.overridden) == (before.total - 1, 1)


def test_many_problems_of_one_rule_leave_room_for_others(store: Store, community: str) -> None:
    for n in range(PRINTED + 6):
        lane = shapely.MultiLineString([[(X + 10, Y + 100 + n), (X + 150, Y + 100 + n)]])
        store.create_record("internal_road", {"community_uid": community, "width": 2.5, "geom": lane.wkb})
    engine.update(store, JobControl())
    check = rule_check_of(store, community)
    assert len(check.problems) == PRINTED
    assert check.total > PRINTED
    assert "R7" in {each.rule for each in check.problems}


def test_the_sheet_numbers_them_in_table_and_map(
    store: Store, community: str, surveyed: MakeSheet, tmp_path: Path
) -> None:
    engine.update(store, JobControl())
    out = tmp_path / "sheet.pdf"
    render(surveyed(rules=rule_check_of(store, community)), out)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(out))
    assert "四、规则核查结果" in text
    assert "问题点（见第四部分）" in text
    assert "未核查" in text
