"""Thresholds against answers of the forms: boundary values, unknown answers, questions that do not arise."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from fieldsurvey.assess.rules import default_rules, engine
from fieldsurvey.assess.rules.answer_tests import ANSWER_FORMS, ANSWER_TESTS, columns
from fieldsurvey.assess.rules.catalogue import BY_ID
from survey_forms import default_forms
from tests.rule_cases import run, told

WATER = {
    "main_material": "pe", "riser_material": "ppr", "main_year": 1996, "pressure_top": 0.1, "meter_mode": "household",
    "secondary": "no", "survey_date": "2026-11-01", "subject_uid": "s", "status": "complete",
}  # fmt: skip


def judged(rule: str, form: str, *records: dict[str, Any]) -> list[tuple[str, str, float | None, str]]:
    return told(run(rule, None, **{form: list(records)}))


def test_exactly_the_limit_passes_everywhere() -> None:
    assert judged("F04", "f04_water", WATER) == []


@pytest.mark.parametrize(
    ("answers", "finding"),
    [
        ({"pressure_top": 0.09}, ("T-W4", "fail", 0.09, "")),
        ({"pressure_top": None}, ("T-W4", "needs_review", None, "no_answer")),
        ({"main_year": 1995}, ("T-W2", "fail", 31.0, "")),
        ({"main_material": "asbestos"}, ("T-W1", "fail", 1.0, "")),
        ({"meter_mode": "unknown"}, ("T-W11", "needs_review", None, "no_answer")),
        ({"secondary": "yes", "tank_clean_date": "2026-04-01"}, ("T-W12", "fail", 214.0, "")),
        ({"secondary": "yes"}, ("T-W12", "needs_review", None, "no_answer")),
    ],
)
def test_an_answer_beyond_the_limit_or_missing_is_told(answers: dict[str, Any], finding: tuple[Any, ...]) -> None:
    assert judged("F04", "f04_water", {**WATER, **answers}) == [finding]


def test_two_bad_pipes_count_twice_and_one_known_bad_one_fails_though_the_other_is_unknown() -> None:
    both = {**WATER, "main_material": "cement", "riser_material": "grey_ci"}
    half = {**WATER, "main_material": "cement", "riser_material": "unknown"}
    assert ("T-W1", "fail", 2.0, "") in judged("F04", "f04_water", both)
    assert ("T-W1", "fail", 1.0, "") in judged("F04", "f04_water", half)


def test_a_draft_is_not_judged_and_the_newest_record_of_a_subject_stands() -> None:
    bad = {**WATER, "pressure_top": 0.01}
    assert judged("F04", "f04_water", {**bad, "status": "draft"}) == []
    assert judged("F04", "f04_water", bad, WATER) == []
    assert len(judged("F04", "f04_water", WATER, bad)) == 1


def test_a_question_that_does_not_arise_is_not_asked() -> None:
    fine = {"route_continuous": "yes", "path_width_min": 1.2, "slip_floor": "yes", "status": "complete"}
    assert judged("F15", "f15_access_age", {**fine, "ramps": 0}) == []
    found = judged("F15", "f15_access_age", {**fine, "ramps": 2, "ramp_width": 1.19, "ramp_slope": 12.0})
    assert found == [("T-A3.width", "fail", 1.19, "")]


def test_a_share_is_compared_in_percent() -> None:
    kept: dict[str, Any] = {"storage_days": 30, "blind_spots": 0, "throw_camera": "yes", "status": "complete"}
    assert judged("F10", "f10_security", {**kept, "camera_ok": 9, "camera_total": 10}) == []
    assert judged("F10", "f10_security", {**kept, "camera_ok": 8, "camera_total": 10})[0][:3] == ("T-S3", "fail", 80.0)
    assert judged("F10", "f10_security", {**kept, "camera_ok": 0, "camera_total": 0})[0][1] == "needs_review"


@pytest.mark.parametrize(
    ("floors", "camera", "finding"),
    [
        ([6, 5], "no", []),  # nothing above six storeys: the question does not arise
        ([6, 7], "no", [("T-S5", "fail", 1.0, "")]),
        ([6, 7], "yes", []),
        ([7, None], "no", [("T-S5", "fail", 1.0, "")]),
        ([6, None], "no", [("T-S5", "needs_review", 1.0, "no_storeys")]),
        ([], "no", [("T-S5", "needs_review", 1.0, "no_storeys")]),
        ([6, None], "yes", []),
        ([7], None, [("T-S5", "needs_review", None, "no_answer")]),
    ],
)
def test_falling_object_cameras_are_asked_for_where_a_house_is_above_six_storeys(
    floors: list[int | None], camera: str | None, finding: list[tuple[Any, ...]]
) -> None:
    record = {"storage_days": 30, "blind_spots": 0, "camera_ok": 9, "camera_total": 9, "status": "complete"}
    houses = [{"community_uid": "c", "kind": "住宅", "floors": storeys} for storeys in floors]
    shed = {"community_uid": "c", "kind": "自行车棚", "floors": None}
    found = run(
        "F10",
        f10_security=[{**record, "community_uid": "c", "throw_camera": camera}],
        building=[*houses, shed],
    )
    assert told(found) == finding


def test_the_page_of_what_has_no_test_names_nothing_that_has_one() -> None:
    page = Path(engine.__file__).with_name("README.md").read_text(encoding="utf-8")
    named = [id_ for row in re.findall(r"^\| (T-[^|]+) \|", page, re.MULTILINE) for id_ in row.split(", ")]
    tested = {key.partition(".")[0] for key in default_rules().thresholds}
    assert (len(named), len(set(named))) == (37, 37)
    assert tested.isdisjoint(named)


def test_every_threshold_and_every_field_of_the_table_exists() -> None:
    rules = default_rules().thresholds
    for test in ANSWER_TESTS:
        assert rules[test.threshold].rule == f"F{test.form[1:3]}"
        houses = ("building",) if test.storeys is not None else ()
        assert rules[test.threshold].layers == (test.form, *houses)
    for form in ANSWER_FORMS:
        path: Path = default_forms()[form]
        with path.open(encoding="utf-8", newline="") as source:
            known = {row["name"] for row in csv.DictReader(source)}
        assert set(columns(form)) - {"community_uid", "subject_uid", "status", "survey_date"} <= known
        assert BY_ID[f"F{form[1:3]}"].form == form
