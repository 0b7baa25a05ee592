"""The project file against the requirements of OGC GeoPackage 1.3 (12-128r17) that it uses, by plain SQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldsurvey.store.library import sqlite3
from tests.builders import add_community, make_project, point

_TYPES = {"BOOLEAN", "INTEGER", "REAL", "TEXT", "BLOB", "DATE", "DATETIME"}
_GEOMETRIES = {"POINT", "MULTILINESTRING", "MULTIPOLYGON"}
_TRIGGERS = {"insert", "update1", "update2", "update3", "update4", "delete"}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path: Path = tmp_path_factory.mktemp("gpkg") / "p.gpkg"
    with make_project(path, forms=True) as store:
        uid = add_community(store)
        store.create_record("hydrant", {"community_uid": uid, "geom": point()})
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


def _rows(db: Any, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute(sql, parameters)]


def test_the_file_is_whole(db: Any) -> None:  # Req. 2, 6, 7
    assert _rows(db, "PRAGMA application_id") == [(0x47504B47,)]
    assert _rows(db, "PRAGMA user_version") == [(10300,)]
    assert _rows(db, "PRAGMA integrity_check") == [("ok",)]
    assert _rows(db, "PRAGMA foreign_key_check") == []


def test_the_reference_systems_are_there(db: Any) -> None:  # Req. 10, 11, 12
    have = {row[0] for row in _rows(db, "SELECT srs_id FROM gpkg_spatial_ref_sys")}
    assert {4326, -1, 0, 4547} <= have
    used = {row[0] for row in _rows(db, "SELECT srs_id FROM gpkg_contents WHERE srs_id NOT NULL")}
    assert used <= have
    assert _rows(db, "SELECT srs_id FROM gpkg_spatial_ref_sys WHERE definition IS NULL OR definition = ''") == []


def test_every_content_is_a_table_with_an_integer_key(db: Any) -> None:  # Req. 13, 14, 29, 150
    contents = _rows(db, "SELECT table_name, data_type FROM gpkg_contents")
    assert contents
    for name, kind in contents:
        assert kind in {"features", "attributes"}
        columns = _rows(db, f'PRAGMA table_info("{name}")')
        keys = [(column[2], column[5]) for column in columns if column[5]]
        assert keys == [("INTEGER", 1)], name


def test_every_column_has_a_type_of_the_standard(db: Any) -> None:  # Req. 5
    for (name,) in _rows(db, "SELECT table_name FROM gpkg_contents"):
        for column in _rows(db, f'PRAGMA table_info("{name}")'):
            assert column[2].split("(")[0] in _TYPES | _GEOMETRIES, (name, column[1], column[2])


def test_every_feature_table_has_one_geometry_column(db: Any) -> None:  # Req. 21 to 26, 30
    features = {row[0] for row in _rows(db, "SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")}
    described = _rows(db, "SELECT table_name, column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns")
    assert {row[0] for row in described} == features
    assert len(described) == len(features)
    for table, column, kind, srs, z, m in described:
        declared = {row[1]: row[2] for row in _rows(db, f'PRAGMA table_info("{table}")')}
        assert declared[column] == kind
        assert (srs, z, m) == (4547, 0, 0)


def test_every_geometry_is_a_geopackage_blob_in_its_system(db: Any) -> None:  # Req. 19, 20, 33
    for table in ("community", "hydrant"):
        ((blob,),) = _rows(db, f"SELECT geom FROM {table}")
        assert blob[:3] == b"GP\x00"
        assert int.from_bytes(blob[4:8], "little" if blob[3] & 1 else "big") == 4547


def test_extensions_are_registered_with_what_they_need(db: Any) -> None:  # Req. 58 to 64, 75, 77, 103
    names = {row[0] for row in _rows(db, "SELECT extension_name FROM gpkg_extensions")}
    assert {"gpkg_rtree_index", "gpkg_schema"} <= names
    indexed = _rows(db, "SELECT table_name, column_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'")
    assert len(indexed) == _rows(db, "SELECT count(*) FROM gpkg_geometry_columns")[0][0]
    for table, column in indexed:
        found = _rows(db, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE ?", f"rtree_{table}_%")
        triggers = {name.rsplit("_", 1)[1] for (name,) in found}
        assert triggers in ({*_TRIGGERS}, {"insert", "update2", "update4", "update5", "update6", "update7", "delete"})
        assert _rows(db, "SELECT 1 FROM sqlite_master WHERE name = ?", f"rtree_{table}_{column}") == [(1,)]


def test_described_columns_exist(db: Any) -> None:  # Req. 104, 105
    for table, column in _rows(db, "SELECT table_name, column_name FROM gpkg_data_columns"):
        names = {row[1] for row in _rows(db, f'PRAGMA table_info("{table}")')}
        assert column in names, (table, column)
