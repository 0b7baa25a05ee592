"""A record lives: made, changed, fought over, deleted, brought back, always with its history."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from fieldsurvey.errors import InputRefused, JobCancelled, ProjectTooNew, StoreError
from fieldsurvey.jobs import JobControl
from fieldsurvey.model.schema import Value
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from fieldsurvey.store.rows import Rows
from tests.builders import add_community, make_project, point, square


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg") as found:
        yield found


def test_what_is_saved_is_read_back(store: Store) -> None:
    uid = add_community(store, household_count=436)
    row = store.get(uid)
    assert row is not None
    assert (row.values["name"], row.values["household_count"]) == ("枫叶山小区", 436)


def test_an_area_is_kept_as_multi(store: Store) -> None:
    uid = add_community(store)
    row = store.get(uid)
    assert row is not None
    assert isinstance(row.values["geom"], bytes)
    assert shapely.from_wkb(row.values["geom"]).geom_type == "MultiPolygon"


def test_a_point_is_refused_as_the_area_of_a_community(store: Store) -> None:
    with pytest.raises(InputRefused, match="Point"):
        store.create_record("community", {"geom": point()})


def test_rows_are_found_by_place(store: Store) -> None:
    add_community(store)
    assert len(store.select("community", ["name"], bbox=(600_050, 3_340_050, 600_051, 3_340_051))) == 1
    assert store.select("community", ["name"], bbox=(0, 0, 1, 1)) == []


def test_a_moved_area_is_found_where_it_is_now(store: Store) -> None:
    uid = add_community(store)
    store.save(uid, {"geom": square(x=700_000.0)})
    assert store.select("community", [], bbox=(600_000, 3_340_000, 600_200, 3_340_200)) == []
    assert len(store.select("community", [], bbox=(700_000, 3_340_000, 700_200, 3_340_200))) == 1


def test_two_edits_from_one_view_of_the_record_are_a_conflict_that_keeps_both(store: Store) -> None:
    uid = add_community(store)
    seen = store.get(uid)
    assert seen is not None
    store.save(uid, {"household_count": 5}, seen.token)
    store.save(uid, {"household_count": 6}, seen.token)
    (conflict,) = store.conflicts()
    assert {version.value for version in conflict.versions} == {5, 6}


def test_an_edit_that_saw_the_one_before_is_no_conflict(store: Store) -> None:
    uid = add_community(store)
    store.save(uid, {"household_count": 5})
    store.save(uid, {"household_count": 6})
    assert store.conflicts() == []


def test_a_decision_ends_a_conflict(store: Store) -> None:
    uid = add_community(store)
    seen = store.get(uid)
    assert seen is not None
    for value in (5, 6):
        store.save(uid, {"household_count": value}, seen.token)
    store.resolve(uid, {"household_count": 5})
    row = store.get(uid)
    assert row is not None
    assert (store.conflicts(), row.values["household_count"]) == ([], 5)


def test_an_ordinary_edit_does_not_decide_a_conflict_it_did_not_show(store: Store) -> None:
    uid = add_community(store)
    seen = store.get(uid)
    assert seen is not None
    for value in (5, 6):
        store.save(uid, {"household_count": value}, seen.token)
    store.save(uid, {"household_count": 7})
    (conflict,) = store.conflicts()
    assert {version.value for version in conflict.versions} == {5, 7}


def test_a_deleted_record_comes_back_whole(store: Store) -> None:
    uid = add_community(store, address="湖滨路1号")
    store.delete(uid)
    assert store.get(uid) is None
    store.undelete(uid)
    row = store.get(uid)
    assert row is not None
    assert row.values["address"] == "湖滨路1号"


def test_a_delete_does_not_beat_an_edit_it_did_not_see(store: Store) -> None:
    uid = add_community(store)
    seen = store.get(uid)
    assert seen is not None
    store.save(uid, {"household_count": 9})
    store.delete(uid, seen.token)
    assert store.get(uid) is not None
    assert [conflict.field for conflict in store.conflicts()] == ["_deleted"]


def test_history_tells_who_changed_what(store: Store) -> None:
    store.set_actor("li", "李工")
    uid = add_community(store)
    store.save(uid, {"household_count": 7})
    last = store.history(uid)[-1]
    assert (last.actor, dict(last.values)) == ("李工", {"household_count": 7})


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        add_community(store)
        raise RuntimeError("power cut")
    assert store.count("community") == 0
    add_community(store)
    assert store.version_vector()[store.origin][0] == 1


def test_a_full_disk_is_told_and_nothing_is_half_written(store: Store) -> None:
    uid = add_community(store, address="short")
    store._db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StoreError, match="磁盘已满"):
        store.save(uid, {"address": "long" * 500_000})
    row = store.get(uid)
    assert row is not None
    assert row.values["address"] == "short"


def test_an_import_is_one_revision_and_its_rows_can_be_edited(store: Store) -> None:
    rows: list[dict[str, Value]] = [{"kind": "市政", "geom": point(600_000 + i)} for i in range(50)]
    assert store.import_rows("hydrant", rows, source="x.csv") == 50
    assert store.version_vector()[store.origin][0] == 1
    uid = str(store.select("hydrant", [], limit=1)[0]["uid"])
    store.save(uid, {"state": "无水"})
    row = store.get(uid)
    assert row is not None
    assert (row.values["kind"], row.values["state"]) == ("市政", "无水")
    assert [entry.kind for entry in store.history(uid)] == ["i", "u"]


def test_a_cancelled_import_writes_nothing(store: Store) -> None:
    control = JobControl()
    control.cancel()
    with pytest.raises(JobCancelled):
        store.import_rows("hydrant", [{"geom": point()}], source="x.csv", control=control)
    assert store.count("hydrant") == 0


def test_a_draft_survives_closing(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        store.put_draft("f04:1", '{"a": "12.."}')
    with Store.open(tmp_path / "p.gpkg") as store:
        kept = store.draft("f04:1")
    assert kept is not None
    assert kept[0] == '{"a": "12.."}'


def test_a_copied_file_writes_under_a_number_of_its_own(tmp_path: Path) -> None:
    import shutil

    with make_project(tmp_path / "a.gpkg") as store:
        add_community(store)
        first = store.origin
    shutil.copy(tmp_path / "a.gpkg", tmp_path / "b.gpkg")
    with Store.open(tmp_path / "b.gpkg") as copy:
        assert copy.origin != first
    with Store.open(tmp_path / "a.gpkg") as again:
        assert again.origin == first


def test_an_older_state_of_a_file_writes_under_a_new_number(tmp_path: Path) -> None:
    import shutil

    with make_project(tmp_path / "a.gpkg") as store:
        uid, first = add_community(store), store.origin
    shutil.copy(tmp_path / "a.gpkg", tmp_path / "backup")
    with Store.open(tmp_path / "a.gpkg") as store:
        store.save(uid, {"household_count": 1})
    shutil.copy(tmp_path / "backup", tmp_path / "a.gpkg")
    with Store.open(tmp_path / "a.gpkg") as store:
        assert store.origin != first


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "不是本程序的项目"), (b"hello" * 500, "不是本程序的项目文件")],
)
def test_a_file_that_is_no_project_is_refused_in_a_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(content)
    with pytest.raises(InputRefused, match=words):
        Store.open(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="没有项目文件"):
        Store.open(tmp_path / "no.gpkg")


def test_a_newer_project_is_refused(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        store._db.execute("UPDATE _meta SET value = 99 WHERE key = 'schema'")
    with pytest.raises(ProjectTooNew, match="更新版本"):
        Store.open(tmp_path / "p.gpkg")


def test_an_unknown_reference_system_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="EPSG:1"):
        Store.create(tmp_path / "p.gpkg", crs="EPSG:1")
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_file_is_found_damaged(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        for number in range(200):
            add_community(store, f"小区{number}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    report = check(path)
    assert not report.is_whole
    assert "damaged" in {problem.code for problem in report.problems}


def test_a_wrong_spatial_index_is_named_and_mended(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store)
        store._db.execute('DELETE FROM "rtree_community_geom"')
    assert [problem.code for problem in check(path).problems] == ["rtree"]
    report = check(path, repair=True)
    assert report.is_whole
    assert report.backup is not None
    assert report.backup.exists()


def test_a_changed_log_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        add_community(store)
        store._db.execute("UPDATE _rev SET patch = replace(patch, '枫叶山', '牧羊湖')")
    assert "chain" in {problem.code for problem in check(path).problems}


def test_a_changed_photo_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        sha = store.media.add_bytes(b"photo", "a.jpg", "image/jpeg")
        place = store.media.path(sha)
    assert place is not None
    place.write_bytes(b"other")
    assert [problem.code for problem in check(path).problems] == ["photo_damaged"]


def test_a_dangling_reference_is_named(store: Store) -> None:
    store.create_record("building", {"community_uid": "f" * 32, "geom": square()})
    store.checkpoint()
    assert [problem.code for problem in check(store.path).problems] == ["reference"]


def test_what_lies_in_a_community_is_found_without_reading_the_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path, forms=True) as store:
        connection = store._db
        for (name,) in connection.rows("SELECT name FROM sqlite_master WHERE name LIKE '\\_in\\_%' ESCAPE '\\'"):
            connection.execute(f'DROP INDEX "{name}"')  # as in a project of an earlier version
    with Store.open(path) as store:
        for table in ("building", "stairwell", "f04_water"):
            (plan,) = store._db.rows(f"EXPLAIN QUERY PLAN SELECT uid FROM {table} WHERE community_uid IS ?", ("x",))
            assert f"_in_{table}" in plan[-1]


def test_a_project_without_room_for_the_index_opens_and_saves_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.gpkg"
    with make_project(path) as store:
        uid = add_community(store)

    def full(_rows: Rows) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(Rows, "index_communities", full)
    with Store.open(path) as store:
        store.save(uid, {"name": "新名"})
        (row,) = store.select("community", ["name"])
        assert row["name"] == "新名"
