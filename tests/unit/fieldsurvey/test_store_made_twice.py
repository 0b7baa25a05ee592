"""Records that came by more than one import: what each gave stands side by side, in any order, on any engine."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from fieldsurvey.hub.geopackage import GeoPackageStorage
from fieldsurvey.hub.postgres import PostgresStorage
from fieldsurvey.hub.storage import Storage
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.revision import NO_CHAIN, SEQ_BITS, Revision
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.sync.peers import hello_of
from tests.builders import add_community, everything, make_laptops, point
from tests.postgres import Server, postgres, why_not

__all__ = ["postgres"]
WELL, OTHER = "a" * 31 + "1", "a" * 31 + "2"


@pytest.fixture
def laptops(tmp_path: Path) -> Iterator[list[Store]]:
    stores = make_laptops(tmp_path, 3)
    yield stores
    for store in stores:
        store.close()


def _import(store: Store, *rows: Mapping[str, Value]) -> None:
    store.import_rows("hydrant", [{"uid": WELL, "geom": point(), **row} for row in rows], source="list.csv")


def _share_files(source: Store, target: Store) -> None:
    for blob in source.blobs():
        path = source.media.path(blob.sha256)
        assert path is not None
        target.media.add_bytes(path.read_bytes(), blob.name, blob.mime)


def _exchange(*stores: Store) -> None:
    for store in stores:
        for other in stores:
            if other is not store:
                _share_files(other, store)
                store.ingest(everything(other))
                store.retry_waiting()


def _shown(store: Store) -> tuple[object, object, object]:
    conflicts = {(c.uid, c.field): [(v.rid, v.value) for v in c.versions] for c in store.conflicts()}
    return store.select("hydrant", order="uid"), store.states(), conflicts


def test_two_lists_with_one_record_are_a_conflict_where_they_differ(laptops: list[Store]) -> None:
    one, other, _third = laptops
    _import(one, {"kind": "市政", "state": "正常"})
    _import(other, {"kind": "市政", "state": "无水"})
    _exchange(one, other)
    assert _shown(one) == _shown(other)
    (conflict,) = one.conflicts()
    assert conflict.field == "state"
    assert {version.value for version in conflict.versions} == {"正常", "无水"}
    one.resolve(WELL, {"state": "无水"})
    _exchange(one, other)
    assert _shown(one) == _shown(other)
    assert other.conflicts() == []
    assert [row["state"] for row in other.select("hydrant")] == ["无水"]
    assert [entry.kind for entry in other.history(WELL)] == ["i", "i", "r"]


def test_an_edit_of_an_imported_record_stands_beside_a_list_that_did_not_know_of_it(laptops: list[Store]) -> None:
    one, other, _third = laptops
    _import(one, {"state": "正常"})
    one.save(WELL, {"state": "漏水"})
    _import(other, {"state": "无水"})
    _exchange(one, other)
    assert _shown(one) == _shown(other)
    (conflict,) = other.conflicts()
    assert {version.value for version in conflict.versions} == {"漏水", "无水"}


def test_one_list_under_two_numbers_is_no_conflict_and_goes_on_as_one(laptops: list[Store]) -> None:
    one, other, third = laptops
    _import(one, {"state": "正常"}, {"uid": OTHER, "state": "无水"})
    (first,) = everything(one)
    again = replace(first, rid=(one.origin ^ 1) << SEQ_BITS | 1).after(NO_CHAIN)
    for store, order in ((other, [first, again]), (third, [again, first])):
        _share_files(one, store)
        for revision in order:
            store.ingest([revision])
    one.ingest([again])
    assert _shown(one) == _shown(other) == _shown(third)
    assert one.conflicts() == []
    assert one.states()[WELL].base == tuple(sorted([first.rid, again.rid]))
    one.save(WELL, {"state": "漏水"})
    _exchange(one, other, third)
    assert _shown(one) == _shown(other) == _shown(third)
    assert third.conflicts() == []
    assert {row["uid"]: row["state"] for row in third.select("hydrant")} == {WELL: "漏水", OTHER: "无水"}


def test_a_list_brings_back_what_was_deleted_unseen_and_says_so(laptops: list[Store]) -> None:
    one, other, _third = laptops
    _import(one, {"state": "正常"})
    one.delete(WELL)
    _import(other, {"state": "无水"})
    _exchange(one, other)
    assert _shown(one) == _shown(other)
    assert "_deleted" in {conflict.field for conflict in one.conflicts()}
    assert [row["state"] for row in one.select("hydrant")] == ["无水"]


def test_repair_finds_the_same_again(laptops: list[Store]) -> None:
    one, other, third = laptops
    _import(one, {"kind": "市政", "state": "正常"}, {"uid": OTHER, "kind": "小区"})
    _import(other, {"kind": "市政", "state": "无水"})
    third.create_record("hydrant", {"state": "漏水", "geom": point()}, uid=OTHER)
    _exchange(one, other, third)
    _exchange(one, other, third)
    wanted, path = _shown(one), one.path
    one._db.execute("UPDATE hydrant SET state = 'x'")
    one._db.execute("UPDATE _rec SET over = '{}', base = '[1,2]'")
    one._db.execute("DELETE FROM _dirty")
    one._db.execute("DELETE FROM _old_hydrant")
    one.close()
    report = check(path, repair=True)
    laptops[0] = Store.open(path)
    assert report.is_whole, report.as_text()
    assert _shown(laptops[0]) == wanted


# --- both engines -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["geopackage", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, laptops: list[Store]) -> Iterator[Storage]:
    """An empty hub of the laptops' project on either engine, with the files of the first."""
    found: Storage
    if request.param == "geopackage":
        found = GeoPackageStorage(tmp_path / "hub.gpkg")
    else:
        if why_not():
            pytest.skip(why_not())
        server: Server = request.getfixturevalue("postgres")
        found = PostgresStorage(server.new_database(), laptops[0].media.path)
    found.found(hello_of(laptops[0]))
    found.take_definitions(laptops[0].table_definitions(), laptops[0].actors())
    yield found
    found.close()


def _lives(laptops: list[Store]) -> list[Revision]:
    """Return what three laptops did to two records that each of them made in its way, in turns and apart."""
    one, other, third = laptops
    homes = [add_community(one, name) for name in ("枫叶山", "湖滨路")]
    _import(one, {"kind": "市政", "state": "正常", "community_uid": homes[0]}, {"uid": OTHER, "kind": "小区"})
    one.save(WELL, {"kind": "小区", "community_uid": homes[1]})
    _import(other, {"kind": "市政", "state": "无水", "community_uid": homes[1]})
    other.save(WELL, {"state": "漏水"})
    third.create_record("hydrant", {"state": "正常", "geom": point(1.0)}, uid=OTHER)
    _import(third, {"uid": WELL, "state": "正常"})
    third.delete(WELL)
    _exchange(one, other)
    one.save(WELL, {"kind": "市政"})
    other.resolve(WELL, {"state": "无水"})
    _exchange(one, other, third)
    _exchange(one, other, third)
    return everything(one)


@pytest.mark.parametrize("seed", range(3))
def test_any_order_gives_the_rows_heads_and_conflicts_of_a_project_file(
    laptops: list[Store], storage: Storage, seed: int
) -> None:
    revisions = _lives(laptops)
    reference = laptops[0]
    assert _shown(laptops[1]) == _shown(laptops[2]) == _shown(reference)
    if isinstance(storage, GeoPackageStorage):
        _share_files(reference, storage.store)
    rng = random.Random(seed)
    rng.shuffle(revisions)
    while revisions:
        storage.ingest([revisions.pop() for _n in range(min(len(revisions), rng.randint(1, 4)))], {})
    assert storage.select("hydrant") == reference.select("hydrant", order="uid")
    assert storage.states() == reference.states()
    assert storage.conflicts() == {(c.uid, c.field): tuple(v.rid for v in c.versions) for c in reference.conflicts()}
    scope = storage.states()[WELL].scope
    assert scope in {0, *(scope_of(str(row["uid"])) for row in reference.select("community"))}
    fed, _cursor = storage.feed_after(0, 99, frozenset({scope}))
    assert {r.rid for r in everything(reference) if r.uid == WELL} <= {r.rid for r in fed}


@pytest.mark.parametrize("order", [1, -1])
def test_two_lists_that_come_together_are_a_conflict_in_all_they_differ_in(
    laptops: list[Store], storage: Storage, order: int
) -> None:
    one, other, _third = laptops
    _import(one, {"kind": "市政", "state": "正常"})
    _import(other, {"kind": "小区", "geom": point(7.0)})
    lists = [everything(one)[0], everything(other)[0]]
    _exchange(one, other)
    if isinstance(storage, GeoPackageStorage):
        _share_files(one, storage.store)
    storage.ingest(lists[::order], {})
    wanted = {(c.uid, c.field): tuple(v.rid for v in c.versions) for c in one.conflicts()}
    assert {field for _uid, field in wanted} == {"kind", "state", "geom"}
    assert storage.conflicts() == wanted
