"""Repair leaves alone what has no effect yet: revisions in quarantine, and those that wait for something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldsurvey.model.schema import Column, ColumnType, Table, TableKind
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from tests.builders import add_community, everything, make_project, point

ODD = Table("odd", TableKind.ASSET, "杂项", "Odd", (Column("a", ColumnType.TEXT, "甲", "A"),), None)


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "laptop.gpkg") as store:
        yield store


def _hub(folder: Path, laptop: Store) -> Store:
    return Store.create(folder / "hub.gpkg", project=laptop.project)


def _repaired(hub: Store) -> Store:
    """Spoil something that is derived, close, repair, open again."""
    path = hub.path
    hub._db.execute("UPDATE _rec SET over = '{}', base = '[1]'")
    hub._db.execute("UPDATE _rev SET st = 1 - st")
    hub.close()
    report = check(path, repair=True)
    assert report.is_whole, report.as_text()
    assert report.repaired
    return Store.open(path)


def test_what_is_held_stays_held_with_all_that_builds_on_it(tmp_path: Path, laptop: Store) -> None:
    uid = add_community(laptop, household_count=1)
    laptop.save(uid, {"household_count": 2})
    laptop.save(uid, {"household_count": 3})
    laptop.save(uid, {"address": "湖滨路1号"})
    _made, held, built_on, other = everything(laptop)
    hub = _hub(tmp_path, laptop)
    hub.ingest([_made, held, built_on, other], {}, {held.rid: "role"})
    with _repaired(hub) as again:
        assert again.quarantined() == [(held.rid, "role")]
        (row,) = again.select("community")
        assert (row["household_count"], row["address"]) == (1, "湖滨路1号")
        again.let_go([held.rid])
        assert again.select("community") == laptop.select("community")
        assert again.log_counts().waiting == 0


def test_what_waits_takes_effect_when_its_parent_comes(tmp_path: Path, laptop: Store) -> None:
    uid = add_community(laptop, household_count=1)
    laptop.save(uid, {"household_count": 2})
    laptop.save(uid, {"household_count": 3})
    made, parent, waits = everything(laptop)
    hub = _hub(tmp_path, laptop)
    hub.ingest([made, waits], {waits.rid: parent.chain})
    with _repaired(hub) as again:
        assert again.select("community")[0]["household_count"] == 1
        assert again.log_counts().waiting == 1
        again.ingest([parent])
        assert again.select("community") == laptop.select("community")
        assert again.log_counts().waiting == 0


def test_an_edit_of_a_record_that_nothing_made_yet_waits_on(tmp_path: Path, laptop: Store) -> None:
    """Its maker is in quarantine: the edit must not take effect by the repair."""
    uid = add_community(laptop, household_count=1)
    laptop.delete(uid)
    made, gone = everything(laptop)
    hub = _hub(tmp_path, laptop)
    hub.ingest([made, gone], {}, {made.rid: "scope"})
    with _repaired(hub) as again:
        assert again.select("community") == []
        assert again.states() == {}
        again.let_go([made.rid])
        assert again.states() == laptop.states()


def test_an_import_waits_on_for_its_dataset(tmp_path: Path, laptop: Store) -> None:
    laptop.import_rows("hydrant", [{"kind": "市政", "geom": point()}], source="x.csv")
    uid = str(laptop.select("hydrant")[0]["uid"])
    laptop.save(uid, {"state": "坏"})
    hub = _hub(tmp_path, laptop)
    add_community(hub)
    hub.ingest(everything(laptop))
    with _repaired(hub) as again:
        assert again.select("hydrant") == []
        assert again.wanted_datasets()
        _bring_datasets(laptop, again)
        assert again.select("hydrant") == laptop.select("hydrant")
        assert again.log_counts().waiting == 0


def test_an_import_waits_on_for_its_table(tmp_path: Path, laptop: Store) -> None:
    laptop.add_table(ODD)
    laptop.import_rows("odd", [{"a": "x"}], source="x.csv")
    hub = _hub(tmp_path, laptop)
    add_community(hub)
    hub.ingest(everything(laptop))
    _bring_datasets(laptop, hub)
    assert hub.log_counts().waiting == 1
    with _repaired(hub) as again:
        assert again.log_counts().waiting == 1
        again.add_table(ODD)
        assert again.select("odd") == laptop.select("odd")
        assert again.log_counts().waiting == 0


def _bring_datasets(source: Store, target: Store) -> None:
    for blob in source.blobs():
        path = source.media.path(blob.sha256)
        assert path is not None
        target.media.add_bytes(path.read_bytes(), blob.name, blob.mime)
    target.retry_waiting()


def test_a_conflict_that_no_edit_explains_is_named_and_taken_away(tmp_path: Path) -> None:
    path, stray = tmp_path / "spoilt.gpkg", "ab" * 16
    with make_project(path) as store:
        uid = add_community(store, household_count=1)
        store._db.execute("INSERT INTO _conflict VALUES (?, 'household_count', 'community', '[1,2]')", (stray,))
        store._db.execute("INSERT INTO _conflict VALUES (?, 'household_count', 'community', '[1,2]')", (uid,))
    found = check(path)
    assert [(p.code, p.uid) for p in found.problems] == [("conflict", uid), ("conflict_stray", stray)]
    report = check(path, repair=True)
    assert report.is_whole, report.as_text()
    assert len(report.repaired) == 2
    with Store.open(path) as again:
        assert (again.conflict_count(), again.count("community")) == (0, 1)
