"""Assignments, the order of the work, the next thing to do, and what a day's history says."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from fieldsurvey.assess import community_progress
from fieldsurvey.assess.assignments import assign, assignments, withdraw
from fieldsurvey.assess.daily import day_report, in_order, left, next_up
from fieldsurvey.assess.progress import State
from fieldsurvey.clock import today
from fieldsurvey.errors import InputRefused
from fieldsurvey.store import Store
from tests.builders import add_community, exchange, make_laptops, make_project, square


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg", forms=True) as found:
        yield found


def _record(store: Store, form: str, community: str, status: str) -> str:
    return store.create_record(form, {"community_uid": community, "subject_uid": community, "status": status})


def test_communities_are_given_moved_and_taken_back(store: Store) -> None:
    first, second = add_community(store, "枫叶山小区"), add_community(store, "牧羊湖小区")
    assert assignments(store) == []
    assert assign(store, [first, second, first], "li", "李工", until="2026-12-31", note=" 先做北片 ") == 2
    assign(store, [second], "li", "李工", until="2026-12-01")
    found = assignments(store)
    assert [(one.community, one.until) for one in found] == [(second, "2026-12-01"), (first, "2026-12-31")]
    assert found[1].note == "先做北片"
    assert [one.is_for("", "李工") for one in found] == [True, True]
    assert not found[0].is_for("", "")
    assert found[0].is_late(date(2026, 12, 2))
    assert not found[0].is_late(date(2026, 12, 1))
    withdraw(store, [found[0].uid])
    assert [one.community for one in assignments(store)] == [first]
    assign(store, [second], "li", "李工")
    assert len(assignments(store)) == 2
    assert len(store.history(found[0].uid)) >= 3, "who had it when is not forgotten"


def test_an_assignment_needs_a_person_and_dates_in_order(store: Store) -> None:
    uid = add_community(store)
    with pytest.raises(InputRefused, match="谁"):
        assign(store, [uid], " ", "")
    with pytest.raises(InputRefused, match="截止"):
        assign(store, [uid], "li", "", since="2026-12-02", until="2026-12-01")
    assert assignments(store) == []


def test_the_same_assignment_made_twice_is_one(tmp_path: Path) -> None:
    laptops = make_laptops(tmp_path)
    uid = add_community(laptops[0])
    exchange(*laptops)
    for laptop in laptops:
        assign(laptop, [uid], "li", "李工")
    exchange(*laptops)
    assert [len(assignments(laptop)) for laptop in laptops] == [1, 1]
    for laptop in laptops:
        laptop.close()


def test_what_came_back_is_first_then_what_was_begun_then_what_is_near(store: Store) -> None:
    near, far = add_community(store, "近"), add_community(store, "远", geom=square(602_000.0))
    begun, returned = add_community(store, "在做"), add_community(store, "退回")
    _record(store, "f04_water", begun, "draft")
    _record(store, "f04_water", returned, "returned")
    progress = community_progress(store)
    places = {near: (0.0, 0.0), far: (2000.0, 0.0), begun: (3000.0, 0.0), returned: (4000.0, 0.0)}
    ordered = in_order(progress.values(), places, (0.0, 0.0), {})
    assert [one.uid for one in ordered] == [returned, begun, near, far]
    assert [one.is_returned for one in ordered] == [True, False, False, False]
    up = next_up(ordered, places, (0.0, 0.0))
    assert up is not None
    assert (up.community, up.form_id, up.state, up.distance) == (returned, "f04_water", State.RETURNED, 4000.0)
    dated = in_order(progress.values(), places, (0.0, 0.0), {far: "2026-01-01"})
    assert [one.uid for one in dated][2:] == [far, near]
    assert "f04_water" in left(progress[returned])
    assert next_up([], places, None) is None


def test_the_day_is_told_from_the_history(store: Store) -> None:
    store.set_actor("li", "李工")
    first, second = add_community(store, "枫叶山小区"), add_community(store, "牧羊湖小区")
    water = _record(store, "f04_water", first, "draft")
    store.save(water, {"status": "complete"})
    _record(store, "f06_power", first, "draft")
    store.create_record("building", {"community_uid": second, "name": "1栋"})
    report = day_report(store, today())
    assert (report.person, report.completed) == ("李工", 1)
    one, two = report.communities
    assert (one.uid, one.name, one.features) == (first, "枫叶山小区", 1)
    assert one.completed == {store.tables()["f04_water"].label: 1}
    assert one.begun == {store.tables()["f06_power"].label: 1}
    assert (two.uid, two.features) == (second, 2)
    assert one.first_ms <= one.last_ms
    assert day_report(store, today() - timedelta(days=1)).communities == []


def test_what_others_did_is_not_in_my_day(tmp_path: Path) -> None:
    mine, other = make_laptops(tmp_path)
    add_community(other)
    exchange(mine, other)
    assert day_report(mine, today()).communities == []
    assert len(day_report(other, today()).communities) == 1
    mine.close()
    other.close()
