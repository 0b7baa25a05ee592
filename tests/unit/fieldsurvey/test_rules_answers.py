"""Thresholds against answers of the forms: boundary values, unknown answers, questions that do not arise."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from fieldsurvey.assess.rules import default_rules, engine
from fieldsurvey.assess.rules.answer_tests import ANSWER_FORMS, ANSWER_TESTS, BROUGHT_TESTS, columns
from fieldsurvey.assess.rules.catalogue import BY_ID, RULES
from fieldsurvey.assess.rules.telling import sums
from survey_forms import default_forms
from tests.rule_cases import exact, layers, run, told

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
    fine = {"route_continuous": "yes", "path_width_min": 1.2, "slip_floor": "yes", "units_no_ramp": 0}
    fine["status"] = "complete"
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


def test_every_threshold_of_the_domain_page_is_in_the_rule_set() -> None:
    """The ids of sections 3.1 to 3.16, written down here so that none can be lost."""
    rooms = {"W": 12, "D": 14, "E": 8, "G": 9, "C": 4, "F": 17, "S": 5, "L": 13, "P": 7, "R": 8, "B": 4, "A": 6}
    wanted = {f"T-{room}{n}" for room, count in rooms.items() for n in range(1, count + 1)}
    assert wanted - {key.partition(".")[0] for key in default_rules().thresholds} == set()


def test_the_page_names_exactly_what_no_agreed_form_answers() -> None:
    page = Path(engine.__file__).with_name("README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| (T-[^ ]+) \| (\w+) \|", page, re.MULTILINE))
    found = engine.judge(layers(community=[{"uid": "c"}]), exact(), RULES).findings
    silent = {one.threshold: one.rule for one in found if not one.is_recorded}
    assert silent.items() <= named.items()
    assert set(named) - set(silent) == {"T-F6", "T-R1.single", "T-W10"}  # they arise where something is drawn
    assert not {t.threshold for t in ANSWER_TESTS} & set(named)


def test_a_threshold_without_its_input_needs_review_once_for_each_community_and_is_counted_apart() -> None:
    outcome = engine.judge(layers(community=[{"uid": "c"}, {"uid": "d"}]), exact(), [BY_ID["F03"]])
    mine = [one for one in outcome.findings if one.threshold == "T-F14"]
    assert [(one.subject, str(one.result), one.reason, one.note, one.place) for one in mine] == [
        (uid, "needs_review", "not_recorded", "f03_stairwell.exit_height", b"") for uid in ("c", "d")
    ]
    (total,) = [one for one in sums(outcome.tallies) if one.rule == "F03"]
    assert (total.tested, total.unrecorded, str(total.result)) == (0, 2 * 6, "needs_review")


@pytest.mark.parametrize("table", ["f03_stairwell", "form_own"])
@pytest.mark.parametrize(("height", "finding"), [(2.1, []), (2.09, [("T-F14", "fail", 2.09, "")])])
def test_a_question_that_a_project_brings_is_judged(table: str, height: float, finding: list[tuple[Any, ...]]) -> None:
    record = {"community_uid": "c", "status": "complete", "exit_height": height}
    found = run("F03", None, community=[{"uid": "c"}, {"uid": "d"}], **{table: [record]})
    mine = [one for one in found if one.threshold == "T-F14"]
    assert told([one for one in mine if one.community == "c"]) == finding
    assert told([one for one in mine if one.community == "d"]) == [("T-F14", "needs_review", None, "no_record")]


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ("铜10mm²", []),
        ("BV-3×16 mm2 铜", []),
        ("铜 9.9 mm²", [("T-E4", "needs_review", 9.9, "two_readings")]),
        ("铜6平方", [("T-E4", "needs_review", 6.0, "two_readings")]),
        ("铜 5.9mm", [("T-E4", "fail", 5.9, "")]),
        ("BLV 铝16mm²", [("T-E4", "fail", 0.0, "")]),
        ("16mm²", [("T-E4", "needs_review", None, "no_answer")]),
        (None, [("T-E4", "needs_review", None, "no_answer")]),
    ],
)
def test_a_service_cable_in_words(words: str | None, finding: list[tuple[Any, ...]]) -> None:
    record = {"elec_prob": "none", "substation_dist": 5.0, "service_cable": words, "status": "complete"}
    assert told(run("F06", f06_power=[record])) == finding


@pytest.mark.parametrize(
    ("answers", "finding"),
    [
        ({}, []),
        ({"safety_grade": "c"}, [("T-L2.grade", "fail", 1.0, "")]),
        ({"safety_grade": "not_assessed"}, [("T-L2.grade", "needs_review", None, "no_answer")]),
        ({"in_plan_demolish": "yes"}, [("T-L2.plan", "fail", 1.0, "")]),
        ({"pipes_conflict": "js rq"}, [("T-G9", "fail", 1.0, "")]),
        ({"transformer_ok": "no"}, [("T-L13.said", "fail", 1.0, "")]),
    ],
)
def test_what_speaks_against_a_lift(answers: dict[str, Any], finding: list[tuple[Any, ...]]) -> None:
    record = {"safety_grade": "b", "in_plan_demolish": "no", "pipes_conflict": "js", "transformer_ok": "yes"}
    assert judged("F11", "f11_elevator", {**record, **answers, "status": "complete"}) == finding


def test_every_threshold_and_every_field_of_the_table_exists() -> None:
    rules = default_rules().thresholds
    for test in (*ANSWER_TESTS, *BROUGHT_TESTS):
        assert rules[test.threshold].rule == f"F{test.form[1:3]}"
        houses = ("building",) if test.storeys is not None else ()
        assert rules[test.threshold].layers == (test.form, *houses)
        asked = (
            *(f"{test.form}.{name}" for name in (*test.fields, test.control) if name),
            *(["building.floors"] * len(houses)),
        )
        assert rules[test.threshold].inputs == asked
    for form in ANSWER_FORMS:
        path: Path = default_forms()[form]
        with path.open(encoding="utf-8", newline="") as source:
            known = {row["name"] for row in csv.DictReader(source)}
        assert set(columns(form)) - {"community_uid", "subject_uid", "status", "survey_date"} <= known
        assert not {name for test in BROUGHT_TESTS if test.form == form for name in test.fields} & known
        assert BY_ID[f"F{form[1:3]}"].form == form
