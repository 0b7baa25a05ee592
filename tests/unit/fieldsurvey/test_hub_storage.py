"""The hub's data behaves the same in a GeoPackage and in PostgreSQL."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from fieldsurvey.errors import StoreError
from fieldsurvey.hub.digest import digest
from fieldsurvey.hub.geopackage import GeoPackageStorage
from fieldsurvey.hub.postgres import PostgresStorage
from fieldsurvey.hub.storage import Storage
from fieldsurvey.hub.typed import as_shown
from fieldsurvey.model.identity import scope_of
from fieldsurvey.model.revision import NO_CHAIN, Kind, Revision, chain_of
from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind, Value
from fieldsurvey.store import Fork, Store, Tampered
from fieldsurvey.store.rows import table_to_json
from fieldsurvey.sync.peers import hello_of
from tests.builders import add_community, make_project, point, square
from tests.postgres import Server, postgres, why_not

__all__ = ["postgres"]
ENGINES = ["geopackage", "postgresql"]
_FIELDS = ("household_count", "building_count", "address", "site_area")


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "laptop.gpkg") as store:
        yield store


@pytest.fixture(params=ENGINES)
def storage(request: pytest.FixtureRequest, tmp_path: Path, laptop: Store) -> Iterator[Storage]:
    """An empty hub of the laptop's project on either engine."""
    found: Storage
    if request.param == "geopackage":
        found = GeoPackageStorage(tmp_path / "hub.gpkg")
    else:
        if why_not():
            pytest.skip(why_not())
        server: Server = request.getfixturevalue("postgres")
        found = PostgresStorage(server.new_database(), laptop.media.path)
    found.found(hello_of(laptop))
    found.take_definitions(laptop.table_definitions(), laptop.actors())
    yield found
    found.close()


def everything(*stores: Store) -> list[Revision]:
    return [r for store in stores for origin in store.version_vector() for r in store.revisions_after(origin, 0)]


def _history(folder: Path, first: Store, seed: int) -> list[Store]:
    """Let three laptops edit the same records, exchanging now and then."""
    rng = random.Random(seed)
    stores = [first, *[Store.create(folder / f"other{n}.gpkg", project=first.project) for n in range(2)]]
    uids = [add_community(first, f"小区{n}") for n in range(4)]
    for store in stores[1:]:
        store.ingest(everything(first))
    for number in range(60):
        _step(rng, stores, rng.choice(uids), number)
    return stores


def _step(rng: random.Random, stores: Sequence[Store], uid: str, number: int) -> None:
    store, action = rng.choice(stores), rng.choice(["save", "save", "save", "resolve", "delete", "undelete", "swap"])
    if action == "swap":
        rng.choice(stores).ingest(everything(store))
    elif action == "delete" and store.get(uid) is None:
        return
    elif action in {"delete", "undelete"}:
        getattr(store, action)(uid)
    elif number % 7 == 0:
        getattr(store, action)(uid, {"geom": square(600_000.0 + number)})
    else:
        getattr(store, action)(uid, {rng.choice(_FIELDS): number})


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_repetition_give_the_rows_and_conflicts_of_a_project_file(
    tmp_path: Path, laptop: Store, storage: Storage, seed: int
) -> None:
    stores = _history(tmp_path, laptop, seed)
    with stores[1], stores[2], Store.create(tmp_path / "reference.gpkg", project=laptop.project) as reference:
        revisions = everything(*stores)
        reference.ingest(everything(*stores))
        rng = random.Random(seed)
        rng.shuffle(revisions)
        while revisions:
            taken = [revisions.pop() for _n in range(min(len(revisions), rng.randint(1, 25)))]
            storage.ingest(taken, {})
            if rng.random() < 0.3:
                storage.ingest(taken, {})
        for table in reference.tables():
            assert storage.select(table) == reference.select(table, order="uid")
        assert storage.states() == reference.states()
        assert storage.conflicts() == {
            (c.uid, c.field): tuple(v.rid for v in c.versions) for c in reference.conflicts()
        }
        hello = storage.hello()
        assert hello is not None
        assert hello.heads == reference.version_vector()
        assert storage.counts().waiting == 0


def test_the_feed_has_every_revision_once_and_no_hole(laptop: Store, storage: Storage) -> None:
    uid = add_community(laptop)
    for number in range(30):
        laptop.save(uid, {"household_count": number})
    storage.ingest(everything(laptop), {})
    found: list[int] = []
    cursor = 0
    while True:
        page, reached = storage.feed_after(cursor, 7, None)
        if not page:
            break
        assert reached == cursor + len(page)
        found += [revision.rid for revision in page]
        cursor = reached
        assert storage.links_before([page[0].rid]) == [laptop.chain_at(page[0].origin, page[0].seq - 1)]
    assert found == [revision.rid for revision in everything(laptop)]


def test_a_feed_can_be_read_for_some_areas(laptop: Store, storage: Storage) -> None:
    for scope in (0, 7, 8):
        laptop.create_record("hydrant", {"kind": f"{scope}", "geom": point()}, scope=scope)
    storage.ingest(everything(laptop), {})
    page, _cursor = storage.feed_after(0, 100, frozenset({7}))
    assert [revision.scope for revision in page] == [0, 7]


def test_a_revision_before_its_parents_waits_and_then_takes_effect(laptop: Store, storage: Storage) -> None:
    uid = add_community(laptop)
    for number in range(3):
        laptop.save(uid, {"household_count": number})
    create, first, second, third = everything(laptop)
    storage.ingest([third, second], {})
    assert (storage.counts().waiting, storage.select("community"), storage.feed_after(0, 9, None)[0]) == (2, [], [])
    storage.ingest([create], {})
    storage.ingest([first], {})
    assert storage.counts().waiting == 0
    assert storage.select("community")[0]["household_count"] == 2
    assert len(storage.feed_after(0, 9, None)[0]) == 4


def test_an_import_waits_for_its_dataset(
    tmp_path: Path, laptop: Store, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[dict[str, Value]] = [{"kind": "市政", "geom": point(600_000 + n)} for n in range(50)]
    laptop.import_rows("hydrant", rows, source="x.csv")
    uid = str(laptop.select("hydrant")[3]["uid"])
    laptop.save(uid, {"state": "坏"})
    (sha,) = [blob.sha256 for blob in laptop.blobs()]
    data = laptop.media.path(sha)
    assert data is not None
    hidden = data.rename(tmp_path / "hidden")
    storage.ingest(everything(laptop), {})
    assert storage.select("hydrant") == []
    hidden.rename(data)
    if isinstance(storage, GeoPackageStorage):
        storage.store.media.add_bytes(data.read_bytes(), "x.csv", "application/x-fieldsurvey-dataset")
    storage.retry_waiting()
    assert storage.select("hydrant") == laptop.select("hydrant", order="uid")
    assert storage.counts().waiting == 0


def test_an_import_of_records_that_are_there_already_stands_beside_what_made_them(
    tmp_path: Path, laptop: Store, storage: Storage
) -> None:
    uids = [add_community(laptop, "枫叶山"), *(f"{number:032x}" for number in (7, 8))]
    with Store.create(tmp_path / "other.gpkg", project=laptop.project) as other:
        other.import_rows("community", [{"uid": uid, "name": f"又一个{uid[-1]}"} for uid in uids], source="x.csv")
        laptop.media.add_bytes(_dataset(other).read_bytes(), "x.csv", "application/x-fieldsurvey-dataset")
        if isinstance(storage, GeoPackageStorage):
            storage.store.media.add_bytes(_dataset(other).read_bytes(), "x.csv", "application/x-fieldsurvey-dataset")
        storage.ingest(everything(laptop), {})
        storage.ingest(everything(other), {})
    names = {row["uid"]: row["name"] for row in storage.select("community")}
    assert names.pop(uids[0]) in {"枫叶山", f"又一个{uids[0][-1]}"}
    assert names == {uids[1]: "又一个7", uids[2]: "又一个8"}
    rivals = storage.conflicts()
    assert {uid for uid, _field in rivals} == {uids[0]}
    assert len(rivals[uids[0], "name"]) == 2
    assert storage.counts().waiting == 0


def _dataset(store: Store) -> Path:
    (blob,) = store.blobs()
    found = store.media.path(blob.sha256)
    assert found is not None
    return found


def test_a_held_revision_has_no_effect_but_later_ones_do(laptop: Store, storage: Storage) -> None:
    uid, other = add_community(laptop), add_community(laptop)
    laptop.save(uid, {"household_count": 1})
    laptop.save(uid, {"household_count": 2})
    laptop.save(other, {"household_count": 9})
    revisions = everything(laptop)
    storage.ingest(revisions, {revisions[2].rid: "scope"})
    counts = {row["uid"]: row["household_count"] for row in storage.select("community")}
    assert counts == {uid: None, other: 9}
    assert storage.known_upto([laptop.origin]) == {laptop.origin: 5}
    assert [(entry.revision, entry.reason) for entry in storage.held()] == [(revisions[2], "scope")]
    assert revisions[2] not in storage.feed_after(0, 99, None)[0]
    storage.let_go([revisions[2].rid])
    counts = {row["uid"]: row["household_count"] for row in storage.select("community")}
    assert counts == {uid: 2, other: 9}
    assert (storage.held(), storage.counts().waiting) == ([], 0)
    assert len(storage.feed_after(0, 99, None)[0]) == 5


def test_a_held_revision_takes_effect_when_somebody_with_the_right_pushes_it(laptop: Store, storage: Storage) -> None:
    uid = add_community(laptop)
    laptop.save(uid, {"household_count": 1})
    revisions = everything(laptop)
    storage.ingest(revisions, {revisions[1].rid: "scope"})
    storage.ingest(revisions, {revisions[1].rid: "scope"})
    assert len(storage.held()) == 1
    storage.ingest(revisions, {})
    assert storage.held() == []
    assert storage.select("community")[0]["household_count"] == 1


def test_two_edits_under_one_number_are_refused_whole(laptop: Store, storage: Storage) -> None:
    uid = add_community(laptop)
    laptop.save(uid, {"household_count": 1})
    create, edit = everything(laptop)
    storage.ingest([create, edit], {})
    other = replace(edit, patch='{"household_count":2}')
    other = replace(other, chain=chain_of(create.chain, other))
    after = replace(edit, rid=edit.rid + 1)
    with pytest.raises(Fork):
        storage.ingest([replace(after, chain=chain_of(edit.chain, after)), other], {})
    assert storage.counts().revisions == 2


def test_a_broken_chain_is_refused_whole(laptop: Store, storage: Storage) -> None:
    uid = add_community(laptop)
    laptop.save(uid, {"household_count": 1})
    create, edit = everything(laptop)
    with pytest.raises(Tampered):
        storage.ingest([create, replace(edit, chain=NO_CHAIN)], {})
    assert (storage.counts().revisions, storage.select("community")) == (0, [])


def test_values_that_fit_no_column_come_back_as_a_project_file_shows_them(laptop: Store, storage: Storage) -> None:
    table = Table(
        "odd", TableKind.ASSET, "杂项", "Odd", tuple(Column(str(t).lower(), t, "列", "column") for t in ColumnType)
    )
    laptop.add_table(table)
    storage.take_definitions(laptop.table_definitions(), [])
    values: tuple[Value, ...] = (
        7,
        7.0,
        7.5,
        "7",
        "007",
        "x",
        "2024-02-30",
        "2024-02-28",
        "2024-02-28T10:00:00+08:00",
        "",
        '["a","b"]',
        b"1",
    )
    for value in values:
        uid = laptop.create_record("odd", dict.fromkeys([column.name for column in table.columns], value))
        laptop.save(uid, {"text": value})
        laptop.save(uid, {"integer": "again"})
    storage.ingest(everything(laptop), {})
    assert storage.select("odd") == laptop.select("odd", order="uid")


@pytest.mark.parametrize("kind", list(ColumnType))
def test_values_are_shown_as_sqlite_shows_them(laptop: Store, kind: ColumnType) -> None:
    laptop.add_table(Table("odd", TableKind.ASSET, "杂项", "Odd", (Column("c", kind, "列", "column"),)))
    values: list[Value] = ["12", "-1.50", " 7 ", "1e3", ".5", "5.", "abc", "", 3, 2.0, 2.5, True, None]
    for value in values:
        laptop.create_record("odd", {"c": value})
    shown = [row["c"] for row in laptop.select("odd")]
    expected = [as_shown(kind, value) for value in values]
    assert [(type(value), value) for value in shown] == [(type(value), value) for value in expected]


def test_columns_and_tables_that_are_described_later_get_their_values(laptop: Store, storage: Storage) -> None:
    first = Table("odd", TableKind.ASSET, "杂项", "Odd", (Column("a", ColumnType.TEXT, "甲", "a"),))
    second = replace(first, columns=(*first.columns, Column("b", ColumnType.INTEGER, "乙", "b")))
    third = replace(second, name="later", zh="后来")
    storage.take_definitions([table_to_json(first)], [])
    for table in (second, third):
        laptop.add_table(table)
        laptop.save(laptop.create_record(table.name, {"a": "x", "b": 5}), {"b": 6})
    laptop.import_rows("odd", [{"a": "imported", "b": 7}, {"b": 8}], source="x.csv")
    if isinstance(storage, GeoPackageStorage):
        for blob in laptop.blobs():
            path = laptop.media.path(blob.sha256)
            assert path is not None
            storage.store.media.add_file(path, blob.mime)
    storage.ingest(everything(laptop), {})
    assert all("b" not in row for row in storage.select("odd"))
    storage.take_definitions([table_to_json(second), table_to_json(third)], [])
    for name in ("odd", "later"):
        assert storage.select(name) == laptop.select(name, order="uid")


def test_approvals_and_areas_are_kept_alike(laptop: Store, storage: Storage) -> None:
    uid, other = add_community(laptop), add_community(laptop)
    well = laptop.create_record("hydrant", {"kind": "市政", "community_uid": uid, "geom": point()}, scope=scope_of(uid))
    laptop.approve(well)
    laptop.save(well, {"community_uid": other})
    storage.ingest(everything(laptop), {})
    assert storage.states() == laptop.states()
    assert storage.scopes_of({well: "hydrant"}) == {well: scope_of(other)}
    assert Kind.APPROVE in {revision.kind for revision in storage.feed_after(0, 99, None)[0]}
    moved, _cursor = storage.feed_after(0, 99, frozenset({scope_of(other)}))
    assert {revision.rid for revision in moved if revision.uid == well} == {
        revision.rid for revision in everything(laptop) if revision.uid == well
    }


def test_both_engines_have_one_digest(tmp_path: Path, laptop: Store, postgres: Server) -> None:
    stores = _history(tmp_path, laptop, 9)
    found = []
    one: Storage = GeoPackageStorage(tmp_path / "one.gpkg")
    two: Storage = PostgresStorage(postgres.new_database())
    for storage in (one, two):
        storage.found(hello_of(laptop))
        storage.take_definitions(laptop.table_definitions(), laptop.actors())
        revisions = everything(*stores)
        storage.ingest(revisions, {revisions[5].rid: "scope"})
        found.append(digest(storage))
        storage.ingest(revisions, {})
        assert digest(storage) != found[-1]
        storage.close()
    for store in stores[1:]:
        store.close()
    assert found[0] == found[1]


# --- PostgreSQL only -----------------------------------------------------------------------------------------------


def test_tables_are_made_for_people(laptop: Store, postgres: Server) -> None:
    address = postgres.new_database()
    storage = PostgresStorage(address)
    storage.found(hello_of(laptop))
    storage.take_definitions(laptop.table_definitions(), [])
    storage.close()
    with psycopg.connect(address) as db:
        comment = (
            "SELECT col_description('survey.community'::regclass, ordinal_position) FROM information_schema.columns "
        )
        found = db.execute(comment + "WHERE table_name = 'community' AND column_name = 'household_count'").fetchone()
        assert found == ("户数(户) Households",)
        index = db.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'hydrant' AND indexdef LIKE '%gist%'")
        assert len(index.fetchall()) == 1
        kind = db.execute("SELECT type, srid FROM geometry_columns WHERE f_table_name = 'hydrant'").fetchone()
        assert kind == ("POINT", 4547)


def _run_together(work: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_processes_that_push_at_once_lose_nothing_and_a_reader_of_the_feed_misses_nothing(
    tmp_path: Path, laptop: Store, postgres: Server
) -> None:
    """Four writers edit the same records; one reader follows the feed as a laptop does (SYNC 1.8)."""
    address = postgres.new_database()
    uids = [add_community(laptop, f"小区{n}") for n in range(5)]
    setup = PostgresStorage(address)
    setup.found(hello_of(laptop))
    setup.take_definitions(laptop.table_definitions(), laptop.actors())
    begin = everything(laptop)
    logs = [_log_of_one(tmp_path / f"w{n}.gpkg", laptop.project, begin, uids, n) for n in range(4)]
    setup.ingest(begin, {})
    done = threading.Event()
    seen: list[int] = []

    def write(log: list[Revision]) -> Callable[[], None]:
        def run() -> None:
            storage = PostgresStorage(address)
            for start in range(0, len(log), 5):
                storage.ingest(log[start : start + 5], {})
            storage.close()

        return run

    def read() -> None:
        storage, cursor = PostgresStorage(address), 0
        while True:
            last_round = done.is_set()
            page, cursor = storage.feed_after(cursor, 50, None)
            seen.extend(revision.rid for revision in page)
            if last_round and not page:
                break
        storage.close()

    reader = threading.Thread(target=read)
    reader.start()
    _run_together([write(log) for log in logs])
    done.set()
    reader.join()
    written = [revision.rid for revision in begin + [r for log in logs for r in log]]
    with Store.create(tmp_path / "reference.gpkg", project=laptop.project) as reference:
        reference.ingest(begin + [r for log in logs for r in log])
        assert setup.states() == reference.states()
        assert setup.select("community") == reference.select("community", order="uid")
    assert sorted(seen) == sorted(written)
    setup.close()


def _log_of_one(path: Path, project: str, begin: list[Revision], uids: Sequence[str], number: int) -> list[Revision]:
    rng = random.Random(number)
    with Store.create(path, project=project) as store:
        store.ingest(begin)
        for step in range(60):
            store.save(rng.choice(uids), {rng.choice(_FIELDS): number * 1000 + step})
        return store.revisions_after(store.origin, 0)


def _ingest(storage: Storage, revision: Revision) -> None:
    storage.ingest([revision], {})


def test_a_parent_and_its_child_pushed_at_once_by_two_processes_never_wait_for_ever(
    tmp_path: Path, laptop: Store, postgres: Server
) -> None:
    address = postgres.new_database()
    other = Store.create(tmp_path / "other.gpkg", project=laptop.project)
    pairs = []
    for _round in range(25):
        uid = add_community(laptop)
        other.ingest(everything(laptop)[-1:])
        other.save(uid, {"household_count": 1})
        pairs.append((everything(laptop)[-1], other.revisions_after(other.origin, 0)[-1]))
    one, two = PostgresStorage(address), PostgresStorage(address)
    one.found(hello_of(laptop))
    one.take_definitions(laptop.table_definitions(), laptop.actors())
    for parent, child in pairs:
        _run_together([partial(_ingest, one, parent), partial(_ingest, two, child)])
    assert one.counts().waiting == 0
    assert all(row["household_count"] == 1 for row in one.select("community"))
    for closing in (one, two, other):
        closing.close()


def test_a_server_that_cannot_be_reached_is_told_without_the_password() -> None:
    with pytest.raises(StoreError) as caught:
        PostgresStorage("postgresql://office:geheim@127.0.0.1:9/none")
    assert "geheim" not in str(caught.value)
