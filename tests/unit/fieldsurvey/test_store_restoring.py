"""The trash, and whole communities taken back to an earlier moment as one new change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.errors import InputRefused, JobCancelled
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from survey_forms.records import Subject, open_form, save_record
from tests.builders import add_community, make_project, square


class Clock:
    """A clock that goes a minute on with every step."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000

    def __call__(self) -> int:
        self.now += 1
        return self.now

    def later(self) -> int:
        """Let a minute pass; return the moment before it."""
        before = self.now
        self.now += 60_000
        return before


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Store, Clock]]:
    with make_project(tmp_path / "p.gpkg", forms=True):
        pass
    clock = Clock()
    with Store.open(tmp_path / "p.gpkg", clock=clock) as store:
        store.set_actor("wang", "王工")
        yield store, clock


def building(store: Store, community: str, name: str = "3栋") -> str:
    return store.create_record(
        "building", {"community_uid": community, "name": name, "kind": "住宅", "geom": square(600_010.0, side=12)}
    )


def test_what_was_deleted_is_in_the_trash_with_who_and_when_and_comes_back(world: tuple[Store, Clock]) -> None:
    store, _clock = world
    uid = add_community(store)
    house = building(store, uid)
    store.delete(house)
    (entry,) = store.trash()
    assert (entry.uid, entry.table, entry.actor, entry.values["name"]) == (house, "building", "王工", "3栋")
    store.bring_back(house)
    assert store.trash() == []
    row = store.get(house)
    assert row is not None
    assert row.values["name"] == "3栋"


def test_what_is_not_deleted_cannot_be_brought_back(world: tuple[Store, Clock]) -> None:
    store, _clock = world
    with pytest.raises(InputRefused):
        store.bring_back(add_community(store))


def test_a_whole_community_goes_back_to_a_moment_and_forth_again(world: tuple[Store, Clock]) -> None:
    store, clock = world
    uid, other = add_community(store), add_community(store, "牧羊湖小区")
    kept, gone = building(store, uid, "1栋"), building(store, uid, "2栋")
    then = clock.later()
    store.save(uid, {"household_count": 99})
    store.save(other, {"household_count": 77})
    store.save(kept, {"floors": 6})
    store.delete(gone)
    fresh = building(store, uid, "9栋")
    clock.later()
    assert store.restore_with_parts(uid, then) == 4
    assert values(store, uid, "household_count") is None
    assert values(store, kept, "floors") is None
    assert store.get(gone) is not None
    assert store.get(fresh) is None
    assert values(store, other, "household_count") == 77
    store.undo()
    assert values(store, uid, "household_count") == 99
    assert store.get(gone) is None
    assert store.get(fresh) is not None


def values(store: Store, uid: str, name: str) -> object:
    row = store.get(uid)
    assert row is not None
    return row.values[name]


def test_a_form_goes_back_with_the_rows_of_its_lists(world: tuple[Store, Clock]) -> None:
    store, clock = world
    uid = add_community(store)
    subject = Subject("f04_water", uid, uid)
    opened = open_form(store, subject)
    repeat = next(iter(opened.session.form.repeats())).path
    opened.session.add_repeat(repeat)
    opened.session.answer("/data/main_dn", "100")
    record = save_record(store, opened, "draft")
    rows = count_rows(store)
    then = clock.later()
    again = open_form(store, subject)
    again.session.answer("/data/main_dn", "200")
    again.session.remove_repeat(f"{repeat}[1]")
    save_record(store, again, "draft")
    clock.later()
    assert count_rows(store) == rows - 1
    store.restore_with_parts(record, then)
    assert values(store, record, "main_dn") == 100
    assert count_rows(store) == rows


def count_rows(store: Store) -> int:
    return sum(store.count(table.name) for table in store.tables().values() if table.parent == "f04_water")


def test_a_stopped_return_changes_nothing(world: tuple[Store, Clock]) -> None:
    store, clock = world
    uid = add_community(store)
    then = clock.later()
    store.save(uid, {"household_count": 99})
    control = JobControl()
    control.cancel()
    with pytest.raises(JobCancelled):
        store.restore_with_parts(uid, then, control)
    assert values(store, uid, "household_count") == 99


def test_before_its_beginning_a_record_cannot_be_restored(world: tuple[Store, Clock]) -> None:
    store, clock = world
    before = clock.later()
    with pytest.raises(InputRefused, match="还"):
        store.restore_with_parts(add_community(store), before)


@pytest.mark.parametrize("status", ["reviewed", "approved"])
def test_what_was_judged_then_is_judged_anew(
    world: tuple[Store, Clock], status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, clock = world
    uid = add_community(store)
    record = save_record(store, open_form(store, Subject("f04_water", uid, uid)), "complete")
    store.save(record, {"status": status})
    then = clock.later()
    store.save(record, {"status": "superseded"})
    clock.later()
    store.restore_with_parts(record, then)
    assert values(store, record, "status") == "complete"


def test_what_is_locked_stays_as_it_is(world: tuple[Store, Clock]) -> None:
    store, clock = world
    uid = add_community(store)
    record = save_record(store, open_form(store, Subject("f04_water", uid, uid)), "complete")
    then = clock.later()
    store.save(record, {"status": "approved"})
    clock.later()
    with pytest.raises(InputRefused):
        store.restore_with_parts(uid, then)
    assert values(store, record, "status") == "approved"
