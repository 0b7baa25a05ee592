"""Filling in the default forms: rules live, wrong values told and kept, drafts whole."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_forms import Context, FormError, Kind, Session, default_forms, form_tables, load_form
from survey_forms.check import check, fill_randomly
from survey_forms.compile import xform
from survey_forms.export import export_xlsx
from survey_forms.reading import parse_form

FORMS = list(default_forms())


def session(form: str) -> Session:
    return Session(load_form(default_forms()[form]), context=Context(datetime(2026, 11, 24, tzinfo=UTC), "王工"))


@pytest.mark.parametrize("form", FORMS)
def test_a_default_form_has_no_findings(form: str) -> None:
    assert check(default_forms()[form]) == []


@pytest.mark.parametrize("form", FORMS)
def test_every_rule_speaks_both_languages(form: str) -> None:
    for question in load_form(default_forms()[form]).questions():
        if question.bind.constraint:
            assert {bool(question.bind.message.plain(language)) for language in ("zh", "en")} == {True}


@pytest.mark.parametrize(
    ("voted", "agree", "area_voted", "area_agree", "expected"),
    [
        ("8", "6", "600", "450", "yes"),  # exactly two thirds take part, exactly three quarters agree
        ("7", "6", "600", "450", "no"),  # too few persons take part
        ("8", "5", "600", "450", "no"),  # too few persons agree
        ("8", "6", "599.9", "450", "no"),  # too little area takes part
        ("8", "6", "600", "449.9", "no"),  # too little area agrees
        ("12", "12", "900", "900", "yes"),
        ("12", "9", "900", "675", "yes"),
        ("0", "0", "0", "0", "no"),
        ("8", "6", "600", "", ""),  # not counted to the end: no result
    ],
)
def test_the_vote_on_a_lift(voted: str, agree: str, area_voted: str, area_agree: str, expected: str) -> None:
    """Of 12 owners with 900 m²: Civil Code 278, two thirds and three quarters, by persons and by area."""
    form = session("f11_elevator")
    answers = {"owners_total": "12", "area_total": "900", "owners_voted": voted, "owners_agree": agree}
    for name, value in {**answers, "area_voted": area_voted, "area_agree": area_agree}.items():
        form.answer(f"/data/{name}", value)
    assert form.value("/data/vote_ok") == expected
    assert form.relevant("/data/vote_passes") == (expected == "yes")


def test_nobody_entitled_is_no_vote() -> None:
    form = session("f11_elevator")
    for name in ("owners_total", "owners_voted", "owners_agree", "area_total", "area_voted", "area_agree"):
        form.answer(f"/data/{name}", "0")
    assert form.value("/data/vote_ok") == "no"


def test_more_votes_than_owners_are_told_at_once() -> None:
    form = session("f11_elevator")
    form.answer("/data/owners_total", "12")
    form.answer("/data/owners_voted", "13")
    assert "应参与表决业主户数" in form.error("/data/owners_voted")


@pytest.mark.parametrize(
    ("typed", "kept", "wrong"), [("12.5", "12.5", False), ("１２，5", "12.5", False), ("12..", "12..", True)]
)
def test_a_number_is_read_or_told_but_never_dropped(typed: str, kept: str, wrong: bool) -> None:
    form = session("f11_elevator")
    form.answer("/data/space_depth", typed)
    assert (form.value("/data/space_depth"), bool(form.error("/data/space_depth"))) == (kept, wrong)


def test_an_answer_that_is_not_asked_any_more_is_kept_aside() -> None:
    form = session("f04_water")
    form.answer("/data/secondary", "yes")
    form.answer("/data/tank_material", "不锈钢")
    form.answer("/data/secondary", "no")
    assert form.answers()[0]["tank_material"] is None
    form.answer("/data/secondary", "yes")
    assert form.answers()[0]["tank_material"] == "不锈钢"


def test_a_snapshot_holds_everything_typed() -> None:
    form = session("f04_water")
    form.answer("/data/main_dn", "1o0")
    form.answer("/data/secondary", "yes")
    form.answer("/data/tank_material", "不锈钢")
    form.answer("/data/secondary", "no")
    photo = form.add_repeat("/data/photos")
    form.answer(f"{photo}/photo_caption", "立管")
    again = Session.restore(form.form, form.snapshot())
    assert again.snapshot() == form.snapshot()
    assert again.value("/data/main_dn") == "1o0"


def test_removing_a_photo_keeps_the_identity_of_the_others() -> None:
    rows = [{"uid": "a" * 32, "photo_caption": "一"}, {"uid": "b" * 32, "photo_caption": "二"}]
    form = Session(load_form(default_forms()["f04_water"]), {}, {"photos": rows})
    form.remove_repeat("/data/photos[1]")
    (left,) = form.answers()[1]["photos"]
    assert (left["uid"], left["photo_caption"]) == ("b" * 32, "二")


def test_required_answers_stand_against_completing() -> None:
    problems = {problem.path for problem in session("f09_fire").problems()}
    assert "/data/hydrant_state" in problems
    assert "/data/lane_width_min" not in problems  # asked only where there is a lane
    assert "/data/dead_end_len" not in problems


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(FORMS), st.integers(0, 10_000))
def test_rules_run_one_by_one_end_where_running_all_ends(form: str, seed: int) -> None:
    filled = session(form)
    fill_randomly(filled, random.Random(seed), 60)
    again = Session.restore(filled.form, filled.snapshot())
    for path in filled.leaves():
        assert again.value(path) == filled.value(path)
        assert again.relevant(path) == filled.relevant(path)


def test_tables_carry_labels_types_and_units() -> None:
    main, photos = form_tables(load_form(default_forms()["f04_water"]))
    column = main.column("main_dn")
    assert (column.zh, str(column.type), column.unit) == ("庭院主管公称直径", "INTEGER", "mm")
    assert (photos.name, photos.parent) == ("f04_water__photos", "f04_water")


def test_exported_workbooks_are_the_same_forms(tmp_path: Path) -> None:
    for path in export_xlsx(tmp_path):
        ours, theirs = load_form(default_forms()[path.stem]), parse_form(xform(path))
        assert [(q.path, q.kind, q.bind.constraint) for q in ours.questions()] == [
            (q.path, q.kind, q.bind.constraint) for q in theirs.questions()
        ]


def _form(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "form.md"
    head = "| survey | | | | |\n| | type | name | label | calculation |\n"
    path.write_text(head + rows, "utf-8")
    return path


def test_a_circle_of_rules_is_named(tmp_path: Path) -> None:
    path = _form(tmp_path, "| | calculate | a | | ${b} + 1 |\n| | calculate | b | | ${a} + 1 |\n| | text | c | C | |\n")
    with pytest.raises(FormError, match=r"a → b|b → a"):
        Session(load_form(path))


def test_an_unknown_function_is_named_with_its_question(tmp_path: Path) -> None:
    path = _form(tmp_path, "| | calculate | a | | nosuch(1) |\n| | text | c | C | |\n")
    with pytest.raises(FormError, match=r"a：.*nosuch"):
        Session(load_form(path))


def test_what_is_no_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"<html>")
    with pytest.raises(FormError, match=r"x\.xlsx"):
        load_form(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "utf-8")
    with pytest.raises(FormError, match="实体"):
        load_form(path)


def test_every_kind_of_question_is_known() -> None:
    kinds = {question.kind for form in default_forms().values() for question in load_form(form).questions()}
    assert {Kind.IMAGE, Kind.GEOPOINT, Kind.SELECT_MULTIPLE, Kind.DATE} <= kinds


def test_long_lists_are_in_order_for_their_filters_before_the_first_answer(tmp_path: Path) -> None:
    rows = "".join(f"| | towns | t{n} | 镇{n} | c{n % 40} |\n" for n in range(400))
    source = tmp_path / "towns.md"
    source.write_text(
        "| survey |\n| | type | name | label | choice_filter |\n| | text | county | County | |\n"
        "| | select_one towns | town | Town | county = ${county} |\n"
        f"| choices |\n| | list_name | name | label | county |\n{rows}"
        "| settings |\n| | form_id | version |\n| | towns | 1 |\n",
        "utf-8",
    )
    session = Session(load_form(source))
    assert not session.form.indexes
    session.prepare()
    assert [len(index) for index in session.form.indexes.values()] == [40]
    session.answer("/data/county", "c7")
    assert session.codes("/data/town") == [f"t{n}" for n in range(7, 400, 40)]
    assert len(session.form.indexes) == 1
