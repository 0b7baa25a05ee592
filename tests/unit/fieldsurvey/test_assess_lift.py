"""Lift feasibility: what excludes, what can be met, what nobody knows; and never more than a first judgement."""

from pathlib import Path
from typing import Any

import pytest
import shapely

from fieldsurvey.assess.lift import LiftResult, lift_totals, lifts
from fieldsurvey.assess.lift_checks import CHECKS, Case, Outcome
from fieldsurvey.assess.rules import default_rules
from tests.builders import add_community, make_project

GOOD: dict[str, Any] = {
    "floors": 6, "existing_lift": "no", "safety_grade": "b", "in_plan_demolish": "no", "stair_type": "half",
    "entry_mode": "half", "site_use": "green", "space_depth": 2.4, "space_width": 2.0, "road_left": 4.0,
    "gap_opposite": 6.0, "sun_affected": "no", "transformer_ok": "yes", "owners_total": 12, "owners_voted": 8,
    "owners_agree": 6, "area_total": 900.0, "area_voted": 600.0, "area_agree": 450.0, "stage": "vote",
}  # fmt: skip


def judged(**form: Any) -> tuple[str, list[str]]:
    """Return the class and the ids of what speaks against a stairwell whose form differs from a good one."""
    record = {**GOOD, **form}
    case = Case(default_rules(), 6, record, {}, False, (3.0, 3.0), (3.0, 3.0), ())
    checks = [made for check in CHECKS if (made := check(case)) is not None]
    from fieldsurvey.assess.lift import result_of

    return str(result_of(checks)), [check.id for check in checks if check.outcome is not Outcome.OK]


def test_exactly_two_thirds_and_three_quarters_pass_and_all_boundaries_hold() -> None:
    assert judged() == ("feasible", [])


@pytest.mark.parametrize(
    ("answers", "result", "why"),
    [
        ({"floors": 4}, "no", ["T-L1"]),
        ({"existing_lift": "yes"}, "no", ["T-L2"]),
        ({"safety_grade": "c"}, "no", ["T-L2"]),
        ({"safety_grade": "not_assessed"}, "cond", ["T-L2"]),
        ({"in_plan_demolish": "unknown"}, "special", ["T-L2"]),
        ({"owners_voted": 7, "owners_agree": 7}, "no", ["T-L3"]),
        ({"owners_agree": 5}, "no", ["T-L3"]),
        ({"area_agree": 449.0}, "no", ["T-L3"]),
        ({"area_total": None}, "special", ["T-L3"]),
        ({"stage": "willing", "owners_voted": 0, "owners_agree": 0}, "cond", ["T-L3"]),
        ({"space_width": 1.5}, "no", ["T-L11"]),
        ({"road_left": 3.9}, "special", ["T-L6"]),
        ({"road_left": 3.9, "site_use": "road"}, "no", ["T-L6"]),
        ({"gap_opposite": 5.9}, "no", ["T-L8"]),
        ({"pipes_conflict": "rq js"}, "cond", ["T-L7"]),
        ({"entry_mode": "gallery"}, "cond", ["T-L10"]),
        ({"entry_mode": "no"}, "no", ["T-L10"]),
        ({"stair_type": "inner"}, "special", ["T-L10"]),
        ({"sun_affected": "yes"}, "special", ["T-L12"]),
        ({"sun_affected": None}, "special", ["T-L12"]),
        ({"transformer_ok": None}, "cond", ["T-L13"]),
        ({"transformer_ok": "no", "existing_lift": "yes"}, "no", ["T-L2", "T-L13"]),
    ],
)
def test_each_answer_has_its_consequence(answers: dict[str, Any], result: str, why: list[str]) -> None:
    assert judged(**answers) == (result, why)


def test_a_changed_threshold_changes_the_judgement() -> None:
    case = Case(default_rules().changed("T-L1", 7.0), 6, dict(GOOD), {}, False, None, None, ())
    assert {check.id for one in CHECKS if (check := one(case)) and check.outcome is Outcome.NO} == {"T-L1"}


def test_space_comes_from_the_map_where_nobody_measured(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        uid = add_community(store)
        house: dict[str, Any] = {"community_uid": uid, "kind": "住宅", "floors": 6, "name": "1"}
        outline = shapely.box(600_010, 3_340_010, 600_030, 3_340_020)
        one = store.create_record("building", {**house, "geom": shapely.to_wkb(outline)})
        low = shapely.box(600_060, 3_340_060, 600_080, 3_340_070)
        two = store.create_record("building", {**house, "floors": 3, "geom": shapely.to_wkb(low)})
        stair: dict[str, Any] = {"community_uid": uid, "building_uid": one, "unit": "2"}
        at = shapely.to_wkb(shapely.Point(600_020, 3_340_020))
        store.create_record("stairwell", {**stair, "geom": at})
        store.create_record("stairwell", {**stair, "building_uid": two, "geom": at})
        gas = shapely.LineString([(600_000, 3_340_021), (600_040, 3_340_021)])
        (before,) = lifts(store, uid)
        store.create_record("gas_line", {"community_uid": uid, "geom": shapely.to_wkb(gas)})
        (after,) = lifts(store)
    assert (before.building, before.unit, before.floors, before.result) == ("1", "2", 6, LiftResult.NEEDS_STUDY)
    assert (before.width_m, before.depth_m) == pytest.approx((6.0, 4.6))
    assert before.box
    assert [check.id for check in before.checks if check.outcome is Outcome.OPEN] == ["f11"]
    assert {check.id for check in after.checks if check.outcome is Outcome.CONDITION} == {"T-L7"}
    assert after.pipes == ("rq",)


def test_the_subsidy_is_counted_only_where_a_lift_can_be_built(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        uid = add_community(store)
        house = store.create_record("building", {"community_uid": uid, "name": "1", "floors": 6, "geom": None})
        for unit, lift in (("1", "no"), ("2", "yes")):
            stair = {"community_uid": uid, "building_uid": house, "unit": unit}
            subject = store.create_record("stairwell", stair)
            head = {"community_uid": uid, "subject_uid": subject}
            store.create_record("f11_elevator", {**head, **GOOD, "existing_lift": lift})
        counts, subsidy = lift_totals(lifts(store, uid))
    assert (counts[LiftResult.FEASIBLE], counts[LiftResult.NOT_FEASIBLE], subsidy) == (1, 1, 10.0)
