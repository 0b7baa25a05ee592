"""The review: who may do what, what is locked, and what two laptops and a hub make of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.assess import community_progress
from fieldsurvey.assess.progress import State
from fieldsurvey.assess.review.people import person_here
from fieldsurvey.assess.review.remarks import Pin, answer, pin, returned_for, threads_of
from fieldsurvey.assess.review.steps import locked_numbers, take, take_community
from fieldsurvey.errors import InputRefused
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.review import ReviewState, Step
from fieldsurvey.model.review_tables import REVIEW_STEP, review_uid
from fieldsurvey.model.role import Person, Role
from fieldsurvey.store import Store
from fieldsurvey.sync.session import sync
from layers.io.importer import run
from layers.io.matching import Known
from survey_forms.records import COMPLETE, DRAFT, Subject, open_form, save_record
from tests.builders import add_community, make_project, point

SURVEYOR, REVIEWER = Person("小李", Role.SURVEYOR), Person("王工", Role.REVIEWER)
APPROVER = Person("赵科", Role.APPROVER)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "one.gpkg", forms=True) as found:
        found.set_actor("li", "小李")
        yield found


def _community(store: Store) -> str:
    return add_community(store, building_count=6, household_count=240, gfa=18_500.5)


def _record(store: Store, community: str, status: str = "complete", form: str = "f04_water") -> str:
    values = {"community_uid": community, "subject_uid": community, "status": status}
    return store.create_record(form, values, scope=scope_of(community))


def _surveyed(store: Store, community: str) -> dict[str, str]:
    """Submit every form that a community needs; return the records by form."""
    found = {}
    for form in community_progress(store)[community].forms.values():
        for _subject in form.needed:
            found[form.form_id] = _record(store, community, form=form.form_id)
    return found


def _status(store: Store, uid: str) -> object:
    row = store.get(uid)
    assert row is not None
    return row.values["status"]


def test_a_record_goes_from_submitted_to_approved_and_is_locked_until_it_is_superseded(store: Store) -> None:
    community = _community(store)
    uid = _record(store, community)
    assert take(store, REVIEWER, uid, Step.ACCEPT) is ReviewState.REVIEWED
    assert take(store, APPROVER, uid, Step.APPROVE) is ReviewState.APPROVED
    assert store.approval(uid) is not None
    for change in (
        lambda: store.save(uid, {"meter_mode": "shared"}),
        lambda: store.delete(uid),
        lambda: store.restore(uid, 1 << 50),
    ):
        with pytest.raises(InputRefused, match="锁定"):
            change()
    with pytest.raises(InputRefused, match="说明"):
        take(store, APPROVER, uid, Step.SUPERSEDE)
    take(store, APPROVER, uid, Step.SUPERSEDE, remarks=[Pin("水表已改造")])
    store.save(uid, {"meter_mode": "shared"})
    assert _status(store, uid) == "superseded"
    assert store.approval(uid) is None


@pytest.mark.parametrize(
    ("person", "step", "told"),
    [
        (SURVEYOR, Step.ACCEPT, "小李"),
        (REVIEWER, Step.APPROVE, "王工"),
        (Person("外区", Role.REVIEWER, frozenset({7})), Step.ACCEPT, "外区"),
        (APPROVER, Step.APPROVE, "已提交"),
        (REVIEWER, Step.RETURN, "说明"),
    ],
)
def test_what_a_person_may_not_do_is_told_in_one_sentence_and_changes_nothing(
    store: Store, person: Person, step: Step, told: str
) -> None:
    uid = _record(store, _community(store))
    with pytest.raises(InputRefused, match=told):
        take(store, person, uid, step)
    assert _status(store, uid) == "complete"
    assert REVIEW_STEP.name not in store.tables() or store.count(REVIEW_STEP.name) == 0


def test_what_changed_while_it_was_read_is_not_accepted(store: Store) -> None:
    uid = _record(store, _community(store))
    seen = store.get(uid)
    store.save(uid, {"meter_mode": "mixed"})
    assert seen is not None
    with pytest.raises(InputRefused):
        take(store, REVIEWER, uid, Step.ACCEPT, seen=seen.token)


def test_a_returned_record_comes_with_its_remarks_is_answered_and_settled(store: Store) -> None:
    community = _community(store)
    uid = _record(store, community)
    take(store, REVIEWER, uid, Step.RETURN, remarks=[Pin("水压请复测", "pressure_mpa"), Pin("阀门在哪里", "", point())])
    (back,) = returned_for(store)
    assert (back.record_uid, back.form_id, back.community_uid) == (uid, "f04_water", community)
    assert [(t.remark.field, t.remark.text, t.remark.person) for t in back.threads] == [
        ("pressure_mpa", "水压请复测", "王工"),
        ("", "阀门在哪里", "王工"),
    ]
    assert back.threads[1].remark.place == point()
    answer(store, SURVEYOR, back.threads[0], "已复测 0.22 MPa")
    subject = Subject("f04_water", community, community)
    save_record(store, open_form(store, subject), DRAFT)
    assert _status(store, uid) == "returned"
    save_record(store, open_form(store, subject), COMPLETE)
    assert _status(store, uid) == "complete"
    assert returned_for(store) == []
    take(store, REVIEWER, uid, Step.ACCEPT)
    thread = threads_of(store, uid)[0]
    assert not thread.is_open
    assert [one.text for one in thread.answers] == ["已复测 0.22 MPa"]


def test_a_remark_that_says_nothing_is_refused(store: Store) -> None:
    community = _community(store)
    with pytest.raises(InputRefused):
        pin(store, REVIEWER, community, community, "", Pin("  "))


def test_an_approved_community_locks_its_four_numbers_with_where_they_come_from(store: Store, tmp_path: Path) -> None:
    community = _community(store)
    records = _surveyed(store, community)
    take_community(store, REVIEWER, community, Step.ACCEPT)
    assert {_status(store, uid) for uid in records.values()} == {"reviewed"}
    assert take_community(store, APPROVER, community, Step.APPROVE) is ReviewState.APPROVED
    assert {_status(store, uid) for uid in records.values()} == {"approved"}
    assert community_progress(store)[community].state is State.APPROVED
    numbers = locked_numbers(store)[community]
    assert [numbers[name] for name in ("communities", "buildings", "households", "area")] == [1, 6, 240, 18500.5]
    told = json.loads(str(numbers["provenance"]))
    assert told["by"] == "赵科"
    assert "小李" in told["from"]["households"]
    with pytest.raises(InputRefused):
        store.save(community, {"household_count": 999})
    store.save(community, {"plan_year": 2027})
    with pytest.raises(InputRefused):
        _record(store, community, "draft", "f21_issue")
    with pytest.raises(InputRefused):
        store.import_rows("f21_issue", [{"community_uid": community, "status": "draft"}], source="x.csv")
    ledger = tmp_path / "台账.csv"
    ledger.write_text("小区编码,小区名称,户数\n枫叶山,枫叶山小区,999\n", "utf-8")
    (report,) = run(store, [ledger], as_layer="community", known=Known.UPDATE)
    assert [warning.code for warning in report.warnings if warning.code == "locked"] == ["locked"]
    assert locked_numbers(store)[community]["households"] == 240
    take_community(store, APPROVER, community, Step.SUPERSEDE, remarks=[Pin("户数有误")])
    store.save(community, {"household_count": 241})
    assert locked_numbers(store) == {}


def test_a_community_with_an_unreviewed_record_or_a_blank_number_is_not_approved(store: Store) -> None:
    community = add_community(store, building_count=6, household_count=240)
    _surveyed(store, community)
    take_community(store, REVIEWER, community, Step.ACCEPT)
    draft = _record(store, community, "draft", "f05_drainage")
    with pytest.raises(InputRefused, match="排水"):
        take_community(store, APPROVER, community, Step.APPROVE)
    store.delete(draft)
    with pytest.raises(InputRefused, match="建筑面积"):
        take_community(store, APPROVER, community, Step.APPROVE)
    assert locked_numbers(store) == {}
    assert community_progress(store)[community].state is State.REVIEWED


def test_a_community_is_not_accepted_while_a_form_is_missing(store: Store) -> None:
    community = _community(store)
    _record(store, community)
    with pytest.raises(InputRefused, match="草稿"):
        take_community(store, REVIEWER, community, Step.ACCEPT)


def test_a_returned_community_comes_back_when_it_is_submitted_again(store: Store) -> None:
    community = _community(store)
    _surveyed(store, community)
    take_community(store, REVIEWER, community, Step.RETURN, remarks=[Pin("户数与台账不符")])
    assert community_progress(store)[community].state is State.RETURNED
    assert [(one.form_id, one.threads[0].remark.text) for one in returned_for(store)] == [("", "户数与台账不符")]
    take_community(store, SURVEYOR, community, Step.SUBMIT)
    assert community_progress(store)[community].state is State.COMPLETE
    assert returned_for(store) == []


@pytest.fixture
def laptops(tmp_path: Path) -> Iterator[tuple[Store, Store, str, str]]:
    """Two laptops with one submitted record, and a stick between them."""
    (tmp_path / "stick").mkdir()
    stick = str(tmp_path / "stick")
    with make_project(tmp_path / "a.gpkg", forms=True) as one:
        one.set_actor("li", "小李")
        community = _community(one)
        subject = Subject("f04_water", community, community)
        opened = open_form(one, subject)
        opened.session.answer(next(p for p in opened.session.leaves() if p.endswith("/meter_mode")), "household")
        uid = save_record(one, opened, COMPLETE)
        with (
            make_project(tmp_path / "b.gpkg", forms=True) as unused,
            Store.create(tmp_path / "c.gpkg", project=one.project) as two,
        ):
            unused.checkpoint()
            two.set_actor("wang", "王工")
            for store in (one, two):
                sync(store, stick)
            yield one, two, uid, stick


def _meet(one: Store, two: Store, stick: str) -> None:
    for store in (one, two, one):
        sync(store, stick)


def test_an_answer_that_a_reviewer_did_not_see_meets_his_acceptance_as_a_conflict(
    laptops: tuple[Store, Store, str, str],
) -> None:
    one, two, uid, stick = laptops
    take(two, REVIEWER, uid, Step.ACCEPT)
    row = one.get(uid)
    assert row is not None
    subject = Subject("f04_water", str(row.values["community_uid"]), str(row.values["subject_uid"]))
    opened = open_form(one, subject)
    opened.session.answer(next(p for p in opened.session.leaves() if p.endswith("/meter_mode")), "shared")
    save_record(one, opened, COMPLETE)
    _meet(one, two, stick)
    for store in (one, two):
        assert [conflict.field for conflict in store.conflicts(uid)] == ["status"]
        with pytest.raises(InputRefused):
            take(store, APPROVER, uid, Step.APPROVE)
    progress = community_progress(two)[subject.community_uid]
    assert progress.forms["f04_water"].state is State.COMPLETE


def test_two_reviewers_at_once_are_a_visible_conflict_and_both_steps_are_kept(
    laptops: tuple[Store, Store, str, str],
) -> None:
    one, two, uid, stick = laptops
    take(one, REVIEWER, uid, Step.ACCEPT)
    take(two, Person("李工", Role.REVIEWER), uid, Step.RETURN, remarks=[Pin("再看一眼")])
    _meet(one, two, stick)
    for store in (one, two):
        assert {v.value for c in store.conflicts(uid) for v in c.versions} == {"reviewed", "returned"}
        assert {row["person"] for row in store.select(REVIEW_STEP.name)} == {"王工", "李工"}
        assert [t.remark.text for t in threads_of(store, uid)] == ["再看一眼"]


def test_an_edit_that_did_not_know_of_the_approval_ends_it_and_is_not_lost(
    laptops: tuple[Store, Store, str, str],
) -> None:
    one, two, uid, stick = laptops
    take(two, REVIEWER, uid, Step.ACCEPT)
    take(two, APPROVER, uid, Step.APPROVE)
    one.save(uid, {"meter_mode": "mixed"})
    _meet(one, two, stick)
    for store in (one, two):
        assert store.approval(uid) is None
        row = store.get(uid)
        assert row is not None
        assert row.values["meter_mode"] == "mixed"
        assert row.conflicts == ("status",)


def test_editing_what_was_reviewed_submits_it_again(store: Store) -> None:
    uid = _record(store, _community(store))
    take(store, REVIEWER, uid, Step.ACCEPT)
    store.save(uid, {"meter_mode": "mixed"})
    assert _status(store, uid) == "complete"


def test_the_role_is_what_the_hub_said_else_what_the_laptop_is_set_to(store: Store) -> None:
    assert person_here(store).role is Role.SURVEYOR
    assert person_here(store, "reviewer").role is Role.REVIEWER
    store.set_setting("review.rights", '["approver",[5]]')
    found = person_here(store, "surveyor")
    assert (found.role, found.areas, found.is_known) == (Role.APPROVER, frozenset({5}), True)


def test_the_review_of_a_community_has_the_same_uid_everywhere() -> None:
    assert review_uid("a" * 32) == review_uid("a" * 32) != review_uid("b" * 32)
