"""Edits that QGIS or ogr2ogr make in the project file become ordinary edits."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from fieldsurvey.geo.gpkg_blob import pack
from fieldsurvey.store import Store
from fieldsurvey.store.check import check
from tests.builders import add_community, everything, make_project, point, square
from tests.real_qgis import ask_qgis

# Another program: its own SQLite, none of our functions but those every GeoPackage writer brings.
_OTHER_PROGRAM = """
import sqlite3, struct, sys
path, *statements = sys.argv[1:]
connection = sqlite3.connect(path, timeout=10)
def box(blob, index):
    flags = (blob[3] >> 1) & 7
    if flags:
        return struct.unpack_from("<4d", blob, 8)[index]
    return struct.unpack_from("<2d", blob, 13)[index // 2]
connection.create_function("ST_IsEmpty", 1, lambda blob: None if blob is None else 0)
for index, name in enumerate(("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY")):
    connection.create_function(name, 1, lambda blob, index=index: None if blob is None else box(blob, index))
for statement in statements:
    connection.execute(statement)
connection.commit()
"""


def _by_other_program(store: Store, *statements: str) -> None:
    subprocess.run([sys.executable, "-c", _OTHER_PROGRAM, str(store.path), *statements], check=True, timeout=60)


def _blob(wkb: bytes) -> str:
    multi = shapely.multipolygons([shapely.from_wkb(wkb)])
    return "x'" + pack(bytes(shapely.to_wkb(multi)), 4547).hex() + "'"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with make_project(tmp_path / "p.gpkg") as found:
        found.set_actor("li", "李工")
        yield found


def test_a_changed_attribute_is_an_edit_with_old_and_new(store: Store) -> None:
    uid = add_community(store, household_count=1)
    _by_other_program(store, f"UPDATE community SET household_count = 7, address = '新' WHERE uid = '{uid}'")
    row = store.get(uid)
    assert row is not None
    assert row.values["household_count"] == 7
    last = store.history(uid)[-1]
    assert (last.kind, last.fv, last.actor) == ("u", 0, "李工")
    assert (last.values["household_count"], last.old["household_count"]) == (7, 1)
    assert set(last.values) == {"household_count", "address", "district", "subdistrict", "neighbourhood"}


def test_a_moved_a_new_and_a_deleted_feature_travel_to_the_next_laptop(store: Store, tmp_path: Path) -> None:
    moved, gone = add_community(store), add_community(store, "牧羊湖")
    _by_other_program(
        store,
        f"UPDATE community SET geom = {_blob(square(x=700_000.0))} WHERE uid = '{moved}'",
        f"DELETE FROM community WHERE uid = '{gone}'",
        f"INSERT INTO community (name, geom) VALUES ('新村', {_blob(square(x=500_000.0))})",
    )
    store.save(moved, {"household_count": 5})
    with Store.create(tmp_path / "b.gpkg", project=store.project) as other:
        other.ingest(everything(store))
        rows = {str(row["name"]): row for row in other.select("community")}
        assert set(rows) == {"枫叶山小区", "新村"}
        assert other.select("community", [], bbox=(700_000, 0, 700_100, 9e6)) == [{"uid": moved}]
        assert len(other.select("community", [], bbox=(500_000, 0, 500_100, 9e6))) == 1
        other.undelete(gone)
        assert other.count("community") == 3
    store.checkpoint()
    report = check(store.path)
    assert report.is_whole, report.as_text()


def test_a_row_of_an_import_that_was_edited_elsewhere_keeps_its_import(store: Store) -> None:
    store.import_rows("hydrant", [{"kind": "市政", "state": "正常", "geom": point()}], source="x.csv")
    _by_other_program(store, "UPDATE hydrant SET state = '无水'")
    uid = str(store.select("hydrant")[0]["uid"])
    store.take_foreign_edits()
    imported, changed = store.history(uid)
    assert (imported.kind, dict(changed.values), dict(changed.old)) == ("i", {"state": "无水"}, {"state": "正常"})


def test_an_edit_there_and_an_unseen_one_here_are_a_conflict(store: Store) -> None:
    uid = add_community(store, household_count=1)
    seen = store.get(uid)
    assert seen is not None
    _by_other_program(store, f"UPDATE community SET household_count = 7 WHERE uid = '{uid}'")
    store.save(uid, {"household_count": 8}, seen.token)
    (conflict,) = store.conflicts()
    assert {version.value for version in conflict.versions} == {7, 8}


def test_a_copied_feature_is_a_record_of_its_own(store: Store) -> None:
    """QGIS makes the unique uid of a copied feature unique by appending to it, and copies `_rev` as it is."""
    uid = add_community(store)
    _by_other_program(
        store, "INSERT INTO community (name, uid, _rev, geom) SELECT name, uid || '_1', _rev, geom FROM community"
    )
    store.take_foreign_edits()
    uids = {str(row["uid"]) for row in store.select("community")}
    assert len(uids) == 2
    assert all(len(each) == 32 for each in uids)
    (copy,) = uids - {uid}
    assert [entry.kind for entry in store.history(copy)] == ["c"]


def test_a_feature_keeps_its_uid_even_if_somebody_types_over_it(store: Store) -> None:
    uid = add_community(store, household_count=1)
    _by_other_program(store, f"UPDATE community SET uid = 'abc', household_count = 2 WHERE uid = '{uid}'")
    store.take_foreign_edits()
    assert [row["uid"] for row in store.select("community")] == [uid]
    assert [entry.kind for entry in store.history(uid)] == ["c", "u"]


def test_cutting_and_pasting_a_feature_is_no_loss(store: Store) -> None:
    uid = add_community(store, household_count=1)
    _by_other_program(
        store,
        "CREATE TEMP TABLE clip AS SELECT uid, name, code, household_count, geom FROM community",
        f"DELETE FROM community WHERE uid = '{uid}'",
        "INSERT INTO community (uid, name, code, household_count, geom) SELECT * FROM clip",
    )
    row = store.get(uid)
    assert row is not None
    assert row.values["household_count"] == 1


def test_a_deletion_there_is_seen_again_after_an_undelete_here(store: Store) -> None:
    uid = add_community(store)
    store.delete(uid)
    store.undelete(uid)
    _by_other_program(store, f"DELETE FROM community WHERE uid = '{uid}'")
    store.take_foreign_edits()
    assert [entry.kind for entry in store.history(uid)] == ["c", "d", "z", "d"]


def test_our_own_writes_are_never_taken_for_those_of_others(store: Store) -> None:
    uid = add_community(store)
    store.save(uid, {"household_count": 2})
    store.approve(uid)
    store.import_rows("hydrant", [{"geom": point()}], source="x.csv")
    store.delete(uid)
    store.undelete(uid)
    assert store._db.scalar("SELECT count(*) FROM _dirty") == 0


def test_check_counts_such_edits_as_pending_and_finds_nothing_wrong(store: Store) -> None:
    add_community(store)
    add_community(store, "牧羊湖")
    _by_other_program(
        store,
        "UPDATE community SET household_count = 7 WHERE name = '枫叶山小区'",
        "DELETE FROM community WHERE name = '牧羊湖'",
        "INSERT INTO community (name) VALUES ('新村')",
    )
    path = store.path
    store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    report = check(path)
    assert report.is_whole, report.as_text()
    assert report.pending == 3


def test_what_a_program_did_while_the_project_was_closed_is_taken_at_opening(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        uid = add_community(store)
    _by_other_program(store, f"UPDATE community SET household_count = 7 WHERE uid = '{uid}'")
    with Store.open(tmp_path / "p.gpkg") as store:
        assert [entry.kind for entry in store.history(uid)] == ["c", "u"]
        store.undo()
        row = store.get(uid)
        assert row is not None
        assert row.values["household_count"] is None


_EDIT = """
from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer
layer = QgsVectorLayer(sys.argv[1] + "|layername=community", "c", "ogr")
assert layer.isValid()
layer.startEditing()
feature = next(layer.getFeatures("\\"name\\" = '枫叶山小区'"))
layer.changeAttributeValue(feature.id(), layer.fields().indexOf("household_count"), 7)
new = QgsFeature(layer.fields())
new.setAttribute("name", "新村")
new.setGeometry(QgsGeometry.fromWkt("MultiPolygon (((500000 3340000, 500010 3340000, 500010 3340010,500000 3340000)))"))
layer.addFeature(new)
layer.deleteFeature(next(layer.getFeatures("\\"name\\" = '牧羊湖'")).id())
assert layer.commitChanges(), layer.commitErrors()
tell(layer.featureCount())
"""

_LOOK = """
from qgis.core import QgsDataProvider, QgsVectorLayer
probe = QgsVectorLayer(sys.argv[1], "probe", "ogr")
data = gdal.OpenEx(sys.argv[1])
layers = {}
for part in probe.dataProvider().subLayers():
    name = part.split(QgsDataProvider.sublayerSeparator())[1]
    layer = QgsVectorLayer(sys.argv[1] + "|layername=" + name, name, "ogr")
    rows = [feature["name"] for feature in layer.getFeatures()] if name == "community" else []
    title = data.GetLayerByName(name).GetMetadataItem("IDENTIFIER")
    layers[name] = [layer.isValid(), title, layer.crs().authid(), layer.featureCount(), rows]
tell(layers)
"""


@pytest.mark.timeout(600)
def test_real_qgis_opens_every_layer_without_a_warning(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg", forms=True) as store:
        add_community(store)
        tables = store.tables()
        layers = ask_qgis(_LOOK, store.path, home=tmp_path)
    assert layers.keys() >= tables.keys()
    assert all(valid for valid, *_rest in layers.values())
    assert layers["community"] == [True, "小区", "EPSG:4547", 1, ["枫叶山小区"]]
    assert {layers[name][1] for name in tables} == {table.zh for table in tables.values()}


@pytest.mark.timeout(600)
def test_edits_in_real_qgis_become_edits(tmp_path: Path) -> None:
    with make_project(tmp_path / "p.gpkg") as store:
        changed, gone = add_community(store, household_count=1), add_community(store, "牧羊湖")
        assert ask_qgis(_EDIT, store.path, home=tmp_path) == 2
        row = store.get(changed)
        assert row is not None
        assert row.values["household_count"] == 7
        assert store.get(gone) is None
        (new,) = (r for r in store.select("community") if r["name"] == "新村")
        assert [entry.kind for entry in store.history(str(new["uid"]))] == ["c"]
    assert check(tmp_path / "p.gpkg").is_whole
