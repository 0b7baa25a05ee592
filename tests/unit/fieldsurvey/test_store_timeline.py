"""The past of a record and of a project: who changed what, how it was, and how to have it back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.errors import InputRefused
from fieldsurvey.store import Store, timeline
from fieldsurvey.store.check import check
from tests.builders import add_community, exchange, make_laptops, point, square


class Clock:
    """A clock that a test moves; milliseconds."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        self.now += 1000
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.create(tmp_path / "p.gpkg", clock=clock) as found:
        found.set_actor("li", "李工")
        yield found


def _value(store: Store, uid: str, field: str = "household_count") -> object:
    row = store.get(uid)
    return None if row is None else row.values[field]


# --- history --------------------------------------------------------------------------------------------------------


def test_history_tells_old_and_new_who_when_where_and_the_approval(store: Store, clock: Clock) -> None:
    uid = add_community(store, household_count=1)
    store.save(uid, {"household_count": 2}, fv=2026112400)
    store.set_actor("wang", "王工")
    store.approve(uid)
    store.save(uid, {"household_count": 3})
    created, changed, approved, last = store.history(uid)
    assert (dict(changed.old), dict(changed.values)) == ({"household_count": 1}, {"household_count": 2})
    assert (changed.actor, changed.origin, changed.fv) == ("李工", store.origin, 2026112400)
    assert changed.at_ms < approved.at_ms <= clock.now
    assert created.approval is not None
    assert changed.approval is not None
    assert (approved.kind, changed.approval.actor, last.approval) == ("a", "王工", None)


def test_history_starts_with_the_import_and_knows_what_it_gave(store: Store) -> None:
    store.import_rows("hydrant", [{"kind": "市政", "state": "正常", "geom": point()}], source="x.csv")
    uid = str(store.select("hydrant")[0]["uid"])
    store.save(uid, {"state": "无水"})
    imported, changed = store.history(uid)
    assert (imported.kind, dict(changed.old)) == ("i", {"state": "正常"})


def test_history_of_a_conflict_says_what_each_author_saw(tmp_path: Path) -> None:
    one, other = make_laptops(tmp_path)
    uid = add_community(one, household_count=1)
    exchange(one, other)
    one.save(uid, {"household_count": 2})
    other.save(uid, {"household_count": 3})
    exchange(one, other)
    assert [entry.old.get("household_count") for entry in one.history(uid)[1:]] == [1, 1]
    one.close()
    other.close()


# --- points in time -------------------------------------------------------------------------------------------------


def test_a_record_is_shown_as_it_was(store: Store, clock: Clock) -> None:
    before = clock()
    uid = add_community(store, household_count=1)
    first = clock()
    store.save(uid, {"household_count": 2})
    second = clock()
    store.delete(uid)
    found = [store.record_at(uid, when) for when in (before, first, second, clock())]
    assert [row and row.values["household_count"] for row in found] == [None, 1, 2, None]


def test_an_imported_record_is_shown_as_it_came(store: Store, clock: Clock) -> None:
    store.import_rows("hydrant", [{"kind": "市政", "state": "正常", "geom": point()}], source="x.csv")
    uid, then = str(store.select("hydrant")[0]["uid"]), clock()
    store.save(uid, {"state": "无水"})
    row = store.record_at(uid, then)
    assert row is not None
    assert row.values["state"] == "正常"
    assert isinstance(row.values["geom"], bytes)


def test_a_record_is_restored_by_a_new_edit_and_nothing_is_lost(store: Store, clock: Clock) -> None:
    uid = add_community(store, household_count=1)
    then = clock()
    store.save(uid, {"household_count": 2, "address": "新"})
    store.delete(uid)
    store.restore(uid, then)
    row = store.get(uid)
    assert row is not None
    assert (row.values["household_count"], row.values["address"]) == (1, None)
    assert [entry.kind for entry in store.history(uid)] == ["c", "u", "d", "z", "u"]


def test_a_record_that_was_not_there_is_not_restored(store: Store, clock: Clock) -> None:
    before = clock()
    uid = add_community(store)
    with pytest.raises(InputRefused, match="还没有"):
        store.restore(uid, before)


def test_the_whole_project_is_written_as_it_was(store: Store, clock: Clock, tmp_path: Path) -> None:
    store.import_rows("hydrant", [{"state": "正常", "geom": point()}, {"state": "正常", "geom": point()}], source="x")
    hydrant, gone = (str(row["uid"]) for row in store.select("hydrant"))
    uid, deleted = add_community(store, household_count=1), add_community(store)
    then = clock()
    store.save(uid, {"household_count": 2, "geom": square(x=700_000.0)})
    store.save(hydrant, {"state": "无水"})
    store.delete(deleted)
    store.delete(gone)
    later = add_community(store)
    store.import_rows("hydrant", [{"state": "新", "geom": point()}], source="y")
    store.project_at(then, tmp_path / "then.gpkg")
    report = check(tmp_path / "then.gpkg")
    assert report.is_whole, report.as_text()
    with Store.open(tmp_path / "then.gpkg") as old:
        assert (_value(old, uid), _value(old, hydrant, "state"), _value(old, gone, "state")) == (1, "正常", "正常")
        assert (old.count("community"), old.count("hydrant"), old.get(later)) == (2, 2, None)
        assert old.get(deleted) is not None
        assert len(old.select("community", [], bbox=(600_000, 3_340_000, 600_200, 3_340_200))) == 2
        assert old.origin != store.origin
        old.save(uid, {"household_count": 9})
        store.ingest(old.revisions_after(old.origin, 0))
    assert {v.value for c in store.conflicts() for v in c.versions if c.field == "household_count"} == {2, 9}


# --- undo -----------------------------------------------------------------------------------------------------------


def test_undo_and_redo_of_a_change(store: Store) -> None:
    uid = add_community(store, household_count=1)
    store.save(uid, {"household_count": 2})
    store.save(uid, {"household_count": 3})
    seen = []
    for step in (store.undo, store.undo, store.redo, store.redo, store.undo):
        assert step() == [uid]
        seen.append(_value(store, uid))
    assert seen == [2, 1, 2, 3, 2]
    assert len(store.history(uid)) == 8


def test_undo_and_redo_of_making_and_deleting(store: Store) -> None:
    uid = add_community(store)
    store.undo()
    assert store.get(uid) is None
    store.redo()
    assert store.get(uid) is not None
    store.delete(uid)
    store.undo()
    assert store.get(uid) is not None
    store.redo()
    assert store.get(uid) is None


def test_undo_takes_back_a_form_with_its_repeats_as_one_step(store: Store) -> None:
    with store.transaction():
        uids = [add_community(store), add_community(store)]
    assert sorted(store.undo()) == sorted(uids)
    assert store.count("community") == 0


def test_undo_of_an_edit_to_an_imported_value_brings_the_imported_one(store: Store) -> None:
    store.import_rows("hydrant", [{"state": "正常", "geom": point()}], source="x.csv")
    uid = str(store.select("hydrant")[0]["uid"])
    store.save(uid, {"state": "无水"})
    store.undo()
    assert _value(store, uid, "state") == "正常"
    with pytest.raises(InputRefused, match="导入不能撤销"):
        store.undo()


def test_undo_of_a_decision_opens_the_conflict_again_and_redo_closes_it(store: Store) -> None:
    uid = add_community(store, household_count=1)
    seen = store.get(uid)
    assert seen is not None
    for value in (5, 6):
        store.save(uid, {"household_count": value}, seen.token)
    store.resolve(uid, {"household_count": 5})
    store.undo()
    (conflict,) = store.conflicts()
    assert {version.value for version in conflict.versions} == {5, 6}
    store.redo()
    assert (store.conflicts(), _value(store, uid)) == ([], 5)


def test_undo_and_redo_of_an_approval(store: Store) -> None:
    uid = add_community(store)
    store.approve(uid)
    store.undo()
    assert store.approval(uid) is None
    store.redo()
    assert store.approval(uid) is not None


def test_undo_does_not_undo_what_others_built_on_it(tmp_path: Path) -> None:
    one, other = make_laptops(tmp_path)
    uid = add_community(one)
    one.save(uid, {"household_count": 2})
    exchange(one, other)
    other.save(uid, {"household_count": 3})
    exchange(one, other)
    with pytest.raises(InputRefused, match="别人"):
        one.undo()
    assert _value(one, uid) == 3
    one.close()
    other.close()


def test_a_step_as_long_as_undo_looks_back_is_undone_again_and_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "_STEPS_BACK", 3)
    uids = [add_community(store, code=f"HS{number}") for number in range(5)]
    with store.transaction():
        for uid in uids:
            store.delete(uid)
    for _turn in range(2):
        assert sorted(store.undo()) == sorted(uids)
        assert store.count("community") == 5
        assert sorted(store.redo()) == sorted(uids)
        assert store.count("community") == 0


def test_undo_survives_closing(tmp_path: Path) -> None:
    with Store.create(tmp_path / "p.gpkg") as store:
        uid = add_community(store, household_count=1)
        store.save(uid, {"household_count": 2})
    with Store.open(tmp_path / "p.gpkg") as store:
        store.undo()
        assert _value(store, uid) == 1


def test_nothing_to_undo_is_told(store: Store) -> None:
    with pytest.raises(InputRefused, match="没有可以撤销"):
        store.undo()
    with pytest.raises(InputRefused, match="没有可以重做"):
        store.redo()
