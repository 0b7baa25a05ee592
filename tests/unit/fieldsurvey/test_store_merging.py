"""After a merge: rules that hold across fields, areas, and forms that grew."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.merge import SCOPE
from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind, Value
from fieldsurvey.store import Peer, Store
from fieldsurvey.store.check import check
from tests.builders import add_community, everything, exchange, make_laptops, point


@pytest.fixture
def laptops(tmp_path: Path) -> Iterator[list[Store]]:
    stores = make_laptops(tmp_path)
    yield stores
    for store in stores:
        store.close()


# --- rules across fields ----------------------------------------------------------------------------------------------


def _rules(table: str, values: Mapping[str, Value]) -> list[tuple[str, str]]:
    units, households = values.get("unit_count"), values.get("household_count")
    if table == "community" and isinstance(units, int) and isinstance(households, int) and households < units:
        return [("household_count", "户数不能少于单元数")]
    return []


def test_edits_that_agree_alone_but_not_together_are_a_conflict_everywhere(laptops: list[Store]) -> None:
    one, other = laptops
    uid = add_community(one, unit_count=2, household_count=10)
    for store in laptops:
        store.rules_of_merge = _rules
    exchange(one, other)
    one.save(uid, {"unit_count": 8})
    other.save(uid, {"household_count": 4})
    assert one.conflicts() == other.conflicts() == []
    exchange(one, other)
    for store in laptops:
        (conflict,) = store.conflicts()
        assert (conflict.field, conflict.sentences) == ("_rules", ("户数不能少于单元数",))
        assert [version.origin for version in conflict.versions] == [other.origin]
        row = store.get(uid)
        assert row is not None
        assert row.conflicts == ("_rules",)
    one.save(uid, {"household_count": 40})
    exchange(one, other)
    assert one.conflicts() == other.conflicts() == []


def test_what_one_person_wrote_is_not_judged_again(laptops: list[Store]) -> None:
    one, other = laptops
    other.rules_of_merge = _rules
    add_community(one, unit_count=9, household_count=1)
    exchange(one, other)
    assert other.conflicts() == []


def test_a_replica_that_learns_the_rules_later_finds_the_same(laptops: list[Store]) -> None:
    one, other = laptops
    uid = add_community(one, unit_count=2, household_count=10)
    one.rules_of_merge = _rules
    exchange(one, other)
    one.save(uid, {"unit_count": 8})
    other.save(uid, {"household_count": 4})
    exchange(one, other)
    assert other.conflicts() == []
    other.rules_of_merge = _rules
    other.judge_merges()
    assert [c.versions for c in other.conflicts()] == [c.versions for c in one.conflicts()]


# --- areas ------------------------------------------------------------------------------------------------------------


def _building(store: Store, community: str) -> str:
    return store.create_record("building", {"community_uid": community, "name": "1"})


def test_a_record_belongs_to_the_area_of_its_community_and_moves_with_it(laptops: list[Store]) -> None:
    hub, laptop = laptops
    old, new = add_community(hub), add_community(hub, "牧羊湖")
    uid = _building(hub, old)
    exchange(hub, laptop)
    before = hub.feed_after(0, 1000)[1]
    laptop.save(uid, {"community_uid": new})
    hub.ingest(everything(laptop))
    move = laptop.revisions_after(laptop.origin, 0)[-1]
    assert move.fields()[SCOPE] == scope_of(new)
    told_old = [r.rid for r in hub.feed_after(before, 1000, [scope_of(old)])[0]]
    told_new = [r.rid for r in hub.feed_after(before, 1000, [scope_of(new)])[0]]
    created = next(r.rid for r in everything(hub) if r.uid == uid and r.kind == "c")
    assert told_old == [move.rid]
    assert told_new[0] == created
    assert move.rid in told_new
    assert hub._log.state(uid).scope == scope_of(new)  # type: ignore[union-attr]


def test_a_laptop_of_the_new_area_gets_the_moved_record_whole(laptops: list[Store]) -> None:
    hub, laptop = laptops
    old, new = add_community(hub), add_community(hub, "牧羊湖")
    uid = _building(hub, old)
    hub.save(uid, {"floors": 6})
    cursor = 0
    hub.save(uid, {"community_uid": new})
    revisions, cursor = hub.feed_after(cursor, 1000, [0, scope_of(new)])
    laptop.ingest(revisions)
    row = laptop.get(uid)
    assert row is not None
    assert (row.values["floors"], row.values["community_uid"]) == (6, new)


def test_rows_of_repeats_move_with_their_record(laptops: list[Store]) -> None:
    store = laptops[0]
    columns = (Column("community_uid", ColumnType.TEXT, "小区", "Community"),)
    store.add_table(Table("f", TableKind.FORM, "表", "Form", columns))
    parent = Column("parent_uid", ColumnType.TEXT, "所属", "Parent")
    store.add_table(Table("f__r", TableKind.REPEAT, "行", "Rows", (parent,), None, "f"))
    old, new = add_community(store), add_community(store, "牧羊湖")
    uid = store.create_record("f", {"community_uid": old})
    child = store.create_record("f__r", {"parent_uid": uid}, scope=scope_of(old))
    store.save(uid, {"community_uid": new})
    assert store._log.state(child).scope == scope_of(new)  # type: ignore[union-attr]


def test_rows_outside_the_areas_go_only_after_own_edits_are_confirmed(laptops: list[Store]) -> None:
    hub, laptop = laptops
    mine, other = add_community(hub), add_community(hub, "牧羊湖")
    kept, left, edited = _building(hub, mine), _building(hub, other), _building(hub, other)
    hub.import_rows("hydrant", [{"community_uid": other, "kind": "市政", "geom": point()}], source="x.csv")
    laptop.media.add_bytes(*_dataset(hub))
    exchange(hub, laptop)
    laptop.retry_waiting()
    laptop.save(edited, {"floors": 3})
    laptop.set_areas([scope_of(mine)])
    assert laptop.evict() == 2
    assert (laptop.get(left), laptop.count("hydrant")) == (None, 0)
    assert laptop.get(kept) is not None
    assert laptop.get(edited) is not None
    laptop.save_peer(Peer("hub", "", 0, {laptop.origin: laptop._log.seq}))
    assert laptop.evict() == 1
    assert laptop.get(edited) is None
    laptop.checkpoint()
    report = check(laptop.path)
    assert not [p for p in report.problems if p.code != "reference"], report.as_text()
    laptop.set_areas(None)
    assert laptop.count("hydrant") == 1
    row = laptop.get(edited)
    assert row is not None
    assert row.values["floors"] == 3
    assert laptop._db.scalar("SELECT count(*) FROM _dirty") == 0


def _dataset(store: Store) -> tuple[bytes, str, str]:
    (blob,) = store.blobs()
    path = store.media.path(blob.sha256)
    assert path is not None
    return path.read_bytes(), blob.name, blob.mime


def test_an_evicted_record_is_still_merged_and_comes_back_when_it_moves_in(laptops: list[Store]) -> None:
    hub, laptop = laptops
    mine, other = add_community(hub), add_community(hub, "牧羊湖")
    uid = _building(hub, other)
    exchange(hub, laptop)
    laptop.set_areas([scope_of(mine)])
    laptop.evict()
    hub.save(uid, {"floors": 5})
    laptop.ingest(everything(hub))
    assert laptop.get(uid) is None
    hub.save(uid, {"community_uid": mine})
    laptop.ingest(everything(hub))
    row = laptop.get(uid)
    assert row is not None
    assert (row.values["floors"], row.values["community_uid"]) == (5, mine)


# --- forms that grew ------------------------------------------------------------------------------------------------

_NAME = Column("name", ColumnType.TEXT, "名称", "Name")
_NEW = Column("gas", ColumnType.TEXT, "燃气", "Gas")
_OLD_FORM = Table("f", TableKind.FORM, "表", "Form", (_NAME,))
_NEW_FORM = Table("f", TableKind.FORM, "表", "Form", (_NAME, _NEW))


def test_a_field_of_a_newer_form_is_kept_forwarded_and_shown_once_the_form_is_here(tmp_path: Path) -> None:
    newer, older, third = make_laptops(tmp_path, 3)
    for store, table in ((newer, _NEW_FORM), (older, _OLD_FORM), (third, _NEW_FORM)):
        store.add_table(table)
    uid = newer.create_record("f", {"name": "甲", "gas": "有"}, fv=2)
    newer.save(uid, {"gas": "无"}, fv=2)
    older.ingest(everything(newer))
    older.save(uid, {"name": "乙"}, fv=1)
    third.ingest(everything(older))
    row = third.get(uid)
    assert row is not None
    assert (row.values["name"], row.values["gas"]) == ("乙", "无")
    assert [entry.fv for entry in third.history(uid)] == [2, 2, 1]
    older.add_table(_NEW_FORM)
    row = older.get(uid)
    assert row is not None
    assert row.values["gas"] == "无"
    assert older._db.scalar("SELECT count(*) FROM _dirty") == 0
    for store in (newer, older, third):
        store.close()
    assert check(older.path).is_whole


def test_an_imported_column_appears_with_the_form_that_has_it(tmp_path: Path) -> None:
    newer, older = make_laptops(tmp_path)
    newer.add_table(_NEW_FORM)
    older.add_table(_OLD_FORM)
    newer.import_rows("f", [{"name": "甲", "gas": "有"}, {"name": "乙", "gas": "有"}], source="x.csv")
    older.media.add_bytes(*_dataset(newer))
    older.ingest(everything(newer))
    uid = str(older.select("f")[0]["uid"])
    newer.save(uid, {"gas": "无"})
    older.ingest(everything(newer))
    older.add_table(_NEW_FORM)
    assert [row["gas"] for row in older.select("f")] == ["无", "有"]
    newer.close()
    older.close()


def test_records_of_a_form_that_is_not_here_yet_wait_in_the_log_and_appear_with_it(tmp_path: Path) -> None:
    newer, older = make_laptops(tmp_path)
    newer.add_table(_NEW_FORM)
    uid = newer.create_record("f", {"name": "甲"})
    gone = newer.create_record("f", {"name": "乙"})
    newer.delete(gone)
    older.ingest(everything(newer))
    older.add_table(_NEW_FORM)
    assert [row["uid"] for row in older.select("f")] == [uid]
    newer.close()
    older.close()
    assert check(older.path).is_whole
